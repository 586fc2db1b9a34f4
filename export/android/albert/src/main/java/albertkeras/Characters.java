package albertkeras;

/** What a character is, as Python's strings have it. */
final class Characters {
  private static final CodePointRanges COMBINING =
      new CodePointRanges(UnicodeTables.COMBINING);
  private static final CodePointRanges LOWER =
      new CodePointRanges(UnicodeTables.LOWER);
  private static final CodePointRanges CASED =
      new CodePointRanges(UnicodeTables.CASED);
  private static final CodePointRanges CASE_IGNORABLE =
      new CodePointRanges(UnicodeTables.CASE_IGNORABLE);
  private static final CodePointRanges DIGIT =
      new CodePointRanges(UnicodeTables.DIGIT);

  private static final int CAPITAL_SIGMA = 0x3a3;
  private static final int SIGMA = 0x3c3;
  private static final int FINAL_SIGMA = 0x3c2;

  private Characters() {}

  /** Whether {@code str.split} cuts there; Java's own methods differ. */
  static boolean isSpace(char c) {
    if (c < 0x80) {
      return c == ' ' || (c >= 0x9 && c <= 0xd) || (c >= 0x1c && c <= 0x1f);
    }
    return c == 0x85
        || c == 0xa0
        || c == 0x1680
        || (c >= 0x2000 && c <= 0x200a)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202f
        || c == 0x205f
        || c == 0x3000;
  }

  /** The canonical combining class; 0 of what does not combine. */
  static int combiningClass(int codePoint) {
    return COMBINING.of(codePoint);
  }

  static boolean isDigit(int codePoint) {
    return DIGIT.of(codePoint) != 0;
  }

  /** A text without the white space at its ends. */
  static String strip(String text) {
    int start = 0;
    int end = text.length();
    while (start < end && isSpace(text.charAt(start))) {
      start++;
    }
    while (end > start && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(start, end);
  }

  /**
   * Lower-cases in place.
   *
   * @param codePoints decomposed, so that none has a longer lower case
   */
  static void lower(int[] codePoints, int length) {
    // A sigma looks at the text as it was.
    boolean[] isFinal = null;
    for (int i = 0; i < length; i++) {
      if (codePoints[i] == CAPITAL_SIGMA) {
        isFinal = isFinal == null ? new boolean[length] : isFinal;
        isFinal[i] = isFinalSigma(codePoints, i, length);
      }
    }
    for (int i = 0; i < length; i++) {
      int c = codePoints[i];
      if (c < 0x80) {
        codePoints[i] = c >= 'A' && c <= 'Z' ? c + 32 : c;
      } else if (c == CAPITAL_SIGMA) {
        codePoints[i] = isFinal[i] ? FINAL_SIGMA : SIGMA;
      } else {
        codePoints[i] = c + LOWER.of(c);
      }
    }
  }

  /** Unicode Standard, section 3.13, Final_Sigma. */
  private static boolean isFinalSigma(int[] codePoints, int at, int length) {
    int before = at - 1;
    while (before >= 0 && CASE_IGNORABLE.of(codePoints[before]) != 0) {
      before--;
    }
    if (before < 0 || CASED.of(codePoints[before]) == 0) {
      return false;
    }
    int behind = at + 1;
    while (behind < length && CASE_IGNORABLE.of(codePoints[behind]) != 0) {
      behind++;
    }
    return behind == length || CASED.of(codePoints[behind]) == 0;
  }
}
