package albertkeras;

/** Text as UTF-8. */
final class Utf8 {
  byte[] bytes;
  int length;

  /** Of text without lone surrogates. */
  Utf8(String text) {
    bytes = text.getBytes(PieceModel.UTF8);
    length = bytes.length;
  }

  /**
   * Of code points.
   *
   * @param prefix ASCII text or a character that is put before them
   */
  Utf8(String prefix, int[] codePoints, int count) {
    byte[] before = prefix.getBytes(PieceModel.UTF8);
    bytes = new byte[before.length + 4 * count];
    System.arraycopy(before, 0, bytes, 0, before.length);
    length = before.length;
    for (int i = 0; i < count; i++) {
      add(codePoints[i]);
    }
  }

  private void add(int c) {
    if (c < 0x80) {
      bytes[length++] = (byte) c;
    } else if (c < 0x800) {
      bytes[length++] = (byte) (0xc0 | c >> 6);
      bytes[length++] = (byte) (0x80 | c & 0x3f);
    } else if (c < 0x10000) {
      bytes[length++] = (byte) (0xe0 | c >> 12);
      bytes[length++] = (byte) (0x80 | c >> 6 & 0x3f);
      bytes[length++] = (byte) (0x80 | c & 0x3f);
    } else {
      bytes[length++] = (byte) (0xf0 | c >> 18);
      bytes[length++] = (byte) (0x80 | c >> 12 & 0x3f);
      bytes[length++] = (byte) (0x80 | c >> 6 & 0x3f);
      bytes[length++] = (byte) (0x80 | c & 0x3f);
    }
  }

  /** Bytes of the character that begins with this one. */
  static int length(byte first) {
    int high = first >> 4 & 0xf;
    return high < 12 ? 1 : high < 14 ? 2 : high - 11;
  }

  /** For each byte, and the end, how many characters begin before it. */
  static int[] characterNumbers(byte[] text, int length) {
    int[] numbers = new int[length + 1];
    int number = -1;
    for (int i = 0; i < length; i++) {
      if ((text[i] & 0xc0) != 0x80) {
        number++;
      }
      numbers[i] = number;
    }
    numbers[length] = number + 1;
    return numbers;
  }
}
