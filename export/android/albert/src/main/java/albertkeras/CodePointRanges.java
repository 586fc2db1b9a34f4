package albertkeras;

import java.util.Arrays;

/** A number for each code point, 0 for most; read from `UnicodeTables`. */
final class CodePointRanges {
  private final int[] first;
  private final int[] last;
  private final int[] step;
  private final int[] value;

  CodePointRanges(String table) {
    String[] words = table.trim().split(" +");
    first = new int[words.length];
    last = new int[words.length];
    step = new int[words.length];
    value = new int[words.length];
    for (int i = 0; i < words.length; i++) {
      String[] parts = words[i].split(":");
      value[i] = parts.length > 1 ? Integer.parseInt(parts[1]) : 1;
      String[] range = parts[0].split("/");
      step[i] = range.length > 1 ? Integer.parseInt(range[1]) : 1;
      String[] ends = range[0].split("-");
      first[i] = Integer.parseInt(ends[0], 16);
      last[i] = Integer.parseInt(ends[ends.length - 1], 16);
    }
  }

  /** The number of a code point. */
  int of(int codePoint) {
    if (codePoint < first[0]) {
      return 0;
    }
    int found = Arrays.binarySearch(first, codePoint);
    int range = found >= 0 ? found : -found - 2;
    boolean isIn =
        codePoint <= last[range]
            && (codePoint - first[range]) % step[range] == 0;
    return isIn ? value[range] : 0;
  }
}
