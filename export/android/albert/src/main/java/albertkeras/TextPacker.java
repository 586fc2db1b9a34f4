package albertkeras;

/** Packs texts and pairs into rows, as `AlbertTokenizer.pack` does. */
public final class TextPacker {
  /** Which text loses tokens at its end where there are too many. */
  public enum Truncation {
    /** One token after the other from the text that is the longer then. */
    LONGEST_FIRST,
    /** The first; the second stays whole. */
    ONLY_FIRST,
    /** The second; the first stays whole. */
    ONLY_SECOND,
    /** None: it is an error. */
    NONE
  }

  private final AlbertTokenizer tokenizer;
  private final int length;

  /**
   * @param tokenizer makes the tokens
   * @param length tokens of a row, `[CLS]` and `[SEP]` included; 3 at least
   */
  public TextPacker(AlbertTokenizer tokenizer, int length) {
    if (length < 3) {
      throw new AlbertException(
          "A row must have 3 tokens at least, for [CLS], [SEP] and [SEP]."
              + " Received: length="
              + length
              + ".");
    }
    this.tokenizer = tokenizer;
    this.length = length;
  }

  /** Packs `[CLS] text [SEP]`. */
  public PackedRow pack(String text, Truncation truncation) {
    return pack(truncation, tokenizer.tokenize(text));
  }

  /** Packs `[CLS] first [SEP] second [SEP]`. */
  public PackedRow pack(String first, String second, Truncation truncation) {
    return pack(
        truncation, tokenizer.tokenize(first), tokenizer.tokenize(second));
  }

  private PackedRow pack(Truncation truncation, Tokens... parts) {
    int first = parts[0].size();
    int second = parts.length > 1 ? parts[1].size() : 0;
    int room = length - 1 - parts.length;
    if (first + second > room) {
      if (truncation == Truncation.NONE) {
        throw new AlbertException(
            "A text must have at most "
                + room
                + " tokens, or must be cut. Received: "
                + (first + second)
                + " tokens.");
      }
      int[] kept = keptOf(first, second, room, truncation);
      first = kept[0];
      second = kept[1];
    }
    return new PackedRow(length, tokenizer, parts, new int[] {first, second});
  }

  /** How many tokens of two texts stay, of which there are too many. */
  private static int[] keptOf(
      int first, int second, int room, Truncation truncation) {
    if (truncation == Truncation.ONLY_FIRST) {
      first = room - second;
    } else if (truncation == Truncation.ONLY_SECOND) {
      second = room - first;
    } else {
      first = Math.min(first, Math.max(room - second, (room + 1) / 2));
      second = room - first;
    }
    if (Math.min(first, second) < 0) {
      throw new AlbertException(
          "A row must have room for the text that is not to be cut. Received:"
              + " room for "
              + room
              + " tokens.");
    }
    return new int[] {first, second};
  }
}
