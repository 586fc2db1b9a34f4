package albertkeras;

import java.util.Arrays;

/** A long passage in windows that overlap, as SQuAD is read. */
final class Windows {
  /** The first token of each. */
  final int[] starts;

  /** Tokens of each. */
  final int[] lengths;

  // The window in which each token of the passage has most context.
  private final int[] owners;

  /**
   * @param tokens of the passage
   * @param room most tokens of a window
   * @param stride tokens from the beginning of one window to the next
   */
  Windows(int tokens, int room, int stride) {
    if (room < 1 || stride < 1) {
      throw new AlbertException(
          "A window must have room for a token of the passage, and begin"
              + " behind the one before. Received: room="
              + room
              + ", stride="
              + stride
              + ".");
    }
    IntList foundStarts = new IntList();
    IntList foundLengths = new IntList();
    int start = 0;
    int length = Math.min(tokens, room);
    foundStarts.add(start);
    foundLengths.add(length);
    while (start + length < tokens) {
      start += Math.min(length, stride);
      length = Math.min(tokens - start, room);
      foundStarts.add(start);
      foundLengths.add(length);
    }
    starts = foundStarts.toArray();
    lengths = foundLengths.toArray();
    owners = ownersOf(tokens);
  }

  int count() {
    return starts.length;
  }

  /**
   * Whether a token of a window has most context there: the shorter of its two
   * sides is longest; of two equal windows the longer, then the first.
   *
   * @param token counted from the window's first
   */
  boolean hasMostContext(int window, int token) {
    return owners[starts[window] + token] == window;
  }

  private int[] ownersOf(int tokens) {
    double[] highest = new double[tokens];
    int[] found = new int[tokens];
    Arrays.fill(highest, -1);
    for (int window = 0; window < starts.length; window++) {
      int length = lengths[window];
      for (int left = 0; left < length; left++) {
        double score = Math.min(left, length - 1 - left) + 0.01 * length;
        int token = starts[window] + left;
        if (score > highest[token]) {
          highest[token] = score;
          found[token] = window;
        }
      }
    }
    return found;
  }
}
