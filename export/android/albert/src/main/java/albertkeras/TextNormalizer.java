package albertkeras;

import java.text.Normalizer;

/**
 * ALBERT's text normalisation: `preprocess_text` of google-research/albert.
 *
 * <p>White space is collapsed, characters are decomposed (NFKD), accents go
 * and capitals become small, unless {@link TextOptions} say otherwise. A lone
 * surrogate, which no encoding can carry on, becomes U+FFFD.
 *
 * <p>Decomposing is the platform's own, of its version of Unicode: letters
 * that are newer than the phone stay whole. All else is by tables.
 */
final class TextNormalizer {
  private static final int REPLACEMENT = 0xfffd;

  private final TextOptions options;

  TextNormalizer(TextOptions options) {
    this.options = options;
  }

  /** The normalised text alone. */
  String normalize(String text) {
    String collapsed = collapse(text);
    if (options.replaceQuotes) {
      collapsed = collapsed.replaceAll("``|''", "\"");
    }
    if (isAscii(collapsed)) {
      return options.lowercase ? lowerAscii(collapsed) : collapsed;
    }
    String whole = replaceLoneSurrogates(collapsed);
    String decomposed = Normalizer.normalize(whole, Normalizer.Form.NFKD);
    int[] codePoints = new int[decomposed.length()];
    int length = 0;
    for (int i = 0; i < decomposed.length(); ) {
      int c = decomposed.codePointAt(i);
      i += Character.charCount(c);
      if (options.keepAccents
          || c < 0x300
          || Characters.combiningClass(c) == 0) {
        codePoints[length++] = c;
      }
    }
    if (options.lowercase) {
      Characters.lower(codePoints, length);
    }
    return new String(codePoints, 0, length);
  }

  /** The normalised text with the way back to the raw text. */
  AlignedText align(String text) {
    AlignedText aligned = new AlignedText(text.length() + 8);
    int wordEnd = -1;
    int i = 0;
    while (i < text.length()) {
      if (Characters.isSpace(text.charAt(i))) {
        i++;
        continue;
      }
      if (wordEnd >= 0) {
        aligned.add(' ', wordEnd, i);
      }
      while (i < text.length() && !Characters.isSpace(text.charAt(i))) {
        i = addUnit(text, i, aligned);
      }
      wordEnd = i;
    }
    aligned.reorder();
    if (options.lowercase) {
      Characters.lower(aligned.codePoints, aligned.length);
    }
    return aligned;
  }

  /** Adds a character or a pair of quotes; tells where the next begins. */
  private int addUnit(String text, int start, AlignedText aligned) {
    char first = text.charAt(start);
    if (options.replaceQuotes && (first == '`' || first == '\'')) {
      int next = start + 1;
      if (next < text.length() && text.charAt(next) == first) {
        aligned.add('"', start, start + 2);
        return start + 2;
      }
    }
    if (first < 0x80) {
      aligned.add(first, start, start + 1);
      return start + 1;
    }
    int c = text.codePointAt(start);
    int end = start + Character.charCount(c);
    if (c >= 0xd800 && c < 0xe000) {
      c = REPLACEMENT;
    }
    String parts =
        Normalizer.normalize(
            new String(Character.toChars(c)), Normalizer.Form.NFKD);
    for (int i = 0; i < parts.length(); ) {
      int part = parts.codePointAt(i);
      i += Character.charCount(part);
      if (options.keepAccents
          || part < 0x300
          || Characters.combiningClass(part) == 0) {
        aligned.add(part, start, end);
      } else if (aligned.length > 0
          && aligned.codePoints[aligned.length - 1] != ' ') {
        aligned.ends[aligned.length - 1] = end; // an accent of this letter
      }
    }
    return end;
  }

  private static String collapse(String text) {
    StringBuilder collapsed = new StringBuilder(text.length());
    boolean isPending = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Characters.isSpace(c)) {
        isPending = collapsed.length() > 0;
      } else {
        if (isPending) {
          collapsed.append(' ');
          isPending = false;
        }
        collapsed.append(c);
      }
    }
    return collapsed.toString();
  }

  private static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80) {
        return false;
      }
    }
    return true;
  }

  private static String lowerAscii(String text) {
    char[] chars = text.toCharArray();
    for (int i = 0; i < chars.length; i++) {
      if (chars[i] >= 'A' && chars[i] <= 'Z') {
        chars[i] += 32;
      }
    }
    return new String(chars);
  }

  private static String replaceLoneSurrogates(String text) {
    StringBuilder whole = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
        continue;
      }
      whole = whole == null ? new StringBuilder(text) : whole;
      whole.setCharAt(i, (char) REPLACEMENT);
    }
    return whole == null ? text : whole.toString();
  }
}
