package albertkeras;

import java.util.Arrays;

/**
 * Normalised text and where each of its characters comes from.
 *
 * <p>The span of a character is where in the raw text that stands which it was
 * made of, in UTF-16 units, the end exclusive.
 */
final class AlignedText {
  int length;
  int[] codePoints;
  int[] starts;
  int[] ends;

  AlignedText(int capacity) {
    codePoints = new int[capacity];
    starts = new int[capacity];
    ends = new int[capacity];
  }

  void add(int codePoint, int start, int end) {
    if (length == codePoints.length) {
      int capacity = 2 * length + 8;
      codePoints = Arrays.copyOf(codePoints, capacity);
      starts = Arrays.copyOf(starts, capacity);
      ends = Arrays.copyOf(ends, capacity);
    }
    codePoints[length] = codePoint;
    starts[length] = start;
    ends[length] = end;
    length++;
  }

  /**
   * Puts characters that were decomposed one by one in the order of NFKD.
   *
   * <p>Runs of combining characters are sorted by their classes and are
   * otherwise left in place (Unicode Standard, section 3.11, D109). Where that
   * moves any, all of the run share its span, so that spans never go back.
   */
  void reorder() {
    int start = 0;
    while (start < length) {
      int end = start + 1;
      if (codePoints[start] >= 0x300
          && Characters.combiningClass(codePoints[start]) != 0) {
        while (end < length
            && Characters.combiningClass(codePoints[end]) != 0) {
          end++;
        }
        if (sortByClass(start, end)) {
          int last = ends[end - 1];
          Arrays.fill(starts, start, end, starts[start]);
          Arrays.fill(ends, start, end, last);
        }
      }
      start = end;
    }
  }

  /** Sorts a run, stably; tells whether that moved anything. */
  private boolean sortByClass(int start, int end) {
    long[] keys = new long[end - start];
    boolean isSorted = true;
    for (int i = start; i < end; i++) {
      long order = Characters.combiningClass(codePoints[i]);
      keys[i - start] = (order << 53) | ((long) (i - start) << 21)
          | codePoints[i];
      isSorted &= i == start
          || keys[i - start] >>> 53 >= keys[i - start - 1] >>> 53;
    }
    if (!isSorted) {
      Arrays.sort(keys);
      for (int i = start; i < end; i++) {
        codePoints[i] = (int) (keys[i - start] & 0x1fffff);
      }
    }
    return !isSorted;
  }
}
