package albertkeras;

/**
 * From tokens of a segment's normalised text back to the raw text.
 *
 * <p>The way leads through two normalisations: SentencePiece tells where in
 * the text it was given each byte comes from, {@link AlignedText} where in the
 * raw text each character of that stands.
 */
final class SegmentSpans {
  private final AlignedText aligned;
  private final String prefix;
  private final Segment segment;
  private int[] numbers; // of characters, by byte of the normalised text
  private int[] origins; // in the text given, by character
  private boolean[] isSpace; // whether a character is `▁`
  private int cursor;

  SegmentSpans(AlignedText aligned, String prefix, Segment segment) {
    this.aligned = aligned;
    this.prefix = prefix;
    this.segment = segment;
  }

  /** Takes what SentencePiece made of the text. */
  void locate(Utf8 given, PieceNormalizer.Result normalized) {
    int length = normalized.length;
    byte[] bytes = normalized.bytes;
    numbers = Utf8.characterNumbers(bytes, length);
    int[] givenNumbers = Utf8.characterNumbers(given.bytes, given.length);
    int count = numbers[length];
    origins = new int[count + 1];
    isSpace = new boolean[count + 1];
    for (int i = 0; i <= length; i++) {
      origins[numbers[i]] = givenNumbers[normalized.origins[i]];
      isSpace[numbers[i]] |=
          i + 2 < length
              && bytes[i] == (byte) 0xe2
              && bytes[i + 1] == (byte) 0x96
              && bytes[i + 2] == (byte) 0x81;
    }
    // The prefix stands behind a `▁` that SentencePiece put before it.
    cursor = 0;
    if (!prefix.isEmpty()) {
      String text = new String(bytes, 0, length, PieceModel.UTF8);
      int at = text.indexOf(prefix) + prefix.length();
      cursor = text.codePointCount(0, at);
    }
  }

  /** How many characters stand before a byte of the normalised text. */
  int numberAt(int end) {
    return numbers[end];
  }

  /** Adds the span of the next token, of so many characters. */
  void add(int length, IntList starts, IntList ends) {
    int stop = cursor + length;
    while (cursor < stop && isSpace[cursor]) {
      cursor++;
    }
    int low = Math.max(0, origins[cursor] - prefix.length());
    int high = origins[stop] - prefix.length();
    if (low >= aligned.length) {
      int end = segment.start + segment.text.length();
      starts.add(end);
      ends.add(end);
    } else if (cursor == stop) {
      starts.add(segment.start + aligned.starts[low]);
      ends.add(segment.start + aligned.starts[low]);
    } else {
      int first = aligned.starts[low];
      int last = aligned.ends[low];
      for (int i = low + 1; i < high; i++) {
        first = Math.min(first, aligned.starts[i]);
        last = Math.max(last, aligned.ends[i]);
      }
      starts.add(segment.start + first);
      ends.add(segment.start + last);
    }
    cursor = stop;
  }
}
