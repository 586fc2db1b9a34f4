package albertkeras;

import java.util.Arrays;

/**
 * SentencePiece's own normalisation, which follows ALBERT's.
 *
 * <p>Characters are replaced by the model's rules, a space becomes `▁`, and one
 * is put before the text, as `normalizer.cc` of SentencePiece does it. Symbols
 * that users defined stay as they are.
 */
final class PieceNormalizer {
  private static final byte[] SPACE = {(byte) 0xe2, (byte) 0x96, (byte) 0x81};

  private final CharacterMap characterMap;
  private final ByteTrie userDefined;
  private final boolean addDummyPrefix;
  private final boolean removeExtraWhitespaces;
  private final byte[] space;
  // ASCII characters that stay, whichever ASCII character follows.
  private final boolean[] stays = new boolean[128];

  PieceNormalizer(PieceModel model, ByteTrie userDefined) {
    characterMap = new CharacterMap(model.characterMap);
    this.userDefined = userDefined;
    addDummyPrefix = model.addDummyPrefix;
    removeExtraWhitespaces = model.removeExtraWhitespaces;
    space = model.escapeWhitespaces ? SPACE : new byte[] {' '};
    for (int c = 0; c < 128; c++) {
      boolean isConcerned =
          c == ' ' || userDefined.child(ByteTrie.root(), (byte) c) >= 0;
      for (int next = 0; next < 128 && !isConcerned; next++) {
        isConcerned = characterMap.concerns(c, next);
      }
      stays[c] = !isConcerned;
    }
  }

  /** Normalised text, and where in the text given each of its bytes begins. */
  static final class Result {
    byte[] bytes;
    int length;

    /** One more than there are bytes; null if it was not asked for. */
    int[] origins;

    private Result(int capacity, boolean withOrigins) {
      bytes = new byte[capacity];
      origins = withOrigins ? new int[capacity + 1] : null;
    }

    private void add(byte b, int origin) {
      if (length == bytes.length) {
        bytes = Arrays.copyOf(bytes, 2 * length + 16);
        if (origins != null) {
          origins = Arrays.copyOf(origins, bytes.length + 1);
        }
      }
      bytes[length] = b;
      if (origins != null) {
        origins[length] = origin;
      }
      length++;
    }

    private void add(byte[] text, int origin) {
      for (byte b : text) {
        add(b, origin);
      }
    }

    private boolean endsWith(byte[] text) {
      if (length < text.length) {
        return false;
      }
      for (int i = 0; i < text.length; i++) {
        if (bytes[length - text.length + i] != text[i]) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * @param text UTF-8
   * @param withOrigins whether to tell where each byte comes from
   */
  Result normalize(byte[] text, int end, boolean withOrigins) {
    Result result = new Result(end + end / 2 + 16, withOrigins);
    int position = 0;
    if (removeExtraWhitespaces) {
      while (position < end) {
        long prefix = prefix(text, position, end);
        if (!isSpace(text, position, prefix)) {
          break;
        }
        position += length(prefix);
      }
    }
    if (position == end) {
      return result; // of no text there is nothing, not even the first space
    }
    if (addDummyPrefix) {
      result.add(space, position);
    }
    boolean isAfterSpace = removeExtraWhitespaces;
    while (position < end) {
      byte first = text[position];
      if (first >= 0
          && stays[first]
          && (position + 1 == end || text[position + 1] >= 0)) {
        result.add(first, position++);
        isAfterSpace = false;
        continue;
      }
      long prefix = prefix(text, position, end);
      int length = length(prefix);
      isAfterSpace =
          addPrefix(result, text, position, prefix, isAfterSpace)
              && removeExtraWhitespaces;
      position += length;
    }
    if (removeExtraWhitespaces) {
      while (result.endsWith(space)) {
        result.length -= space.length;
        position = withOrigins ? result.origins[result.length] : position;
      }
    }
    if (withOrigins) {
      result.origins[result.length] = position;
    }
    return result;
  }

  /** Adds what replaces a prefix; tells whether that ends with a space. */
  private boolean addPrefix(
      Result result, byte[] text, int position, long prefix, boolean after) {
    boolean isReplaced = isReplaced(prefix);
    byte[] source = isReplaced ? characterMap.bytes() : text;
    int from = isReplaced ? (int) prefix : position;
    int to = isReplaced ? endOf(source, from) : position + length(prefix);
    while (after && from < to && source[from] == ' ') {
      from++;
    }
    if (from == to) {
      return after;
    }
    for (int i = from; i < to; i++) {
      if (source[i] == ' ') {
        result.add(space, position);
      } else {
        result.add(source[i], position);
      }
    }
    return source[to - 1] == ' ';
  }

  /**
   * The next character, or what a rule is for: its length in the upper half,
   * and below where its replacement begins, or -1 if it stays as it is.
   */
  private long prefix(byte[] text, int position, int end) {
    int symbol = userDefined.longest(text, position, end);
    if (symbol > 0) {
      return (long) symbol << 32 | 0xffffffffL;
    }
    long found = characterMap.find(text, position, end);
    if (found >= 0) {
      return found;
    }
    int length = Math.min(Utf8.length(text[position]), end - position);
    return (long) length << 32 | 0xffffffffL;
  }

  private static int length(long prefix) {
    return (int) (prefix >>> 32);
  }

  private static boolean isReplaced(long prefix) {
    return (int) prefix != -1;
  }

  private boolean isSpace(byte[] text, int position, long prefix) {
    if (isReplaced(prefix)) {
      byte[] source = characterMap.bytes();
      int from = (int) prefix;
      return source[from] == ' ' && source[from + 1] == 0;
    }
    return length(prefix) == 1 && text[position] == ' ';
  }

  private static int endOf(byte[] source, int from) {
    int to = from;
    while (source[to] != 0) {
      to++;
    }
    return to;
  }
}
