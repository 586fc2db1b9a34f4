package albertkeras;

/**
 * The rules by which SentencePiece replaces characters.
 *
 * <p>They stand in the model as a double array (`precompiled_charsmap`): the
 * size of the array in bytes, its units of 32 bits, and behind them the
 * replacements, each ended by a NUL. A unit holds the byte it is reached by, an
 * offset to its children, and whether one of them, without a byte, is a leaf;
 * a leaf holds where its replacement begins.
 */
final class CharacterMap {
  // A rule's key is a few characters, its replacement, of U+FDFA, 33 bytes.
  private static final int LONGEST_KEY = 64;
  private static final int LONGEST_REPLACEMENT = 255;
  private static final int NOT_SEEN = 0;
  private static final int BEING_SEEN = -1;

  private final int[] units;
  private final byte[] replacements;
  private final int replacementsStart;

  CharacterMap(byte[] blob) {
    if (blob.length == 0) {
      units = new int[0];
      replacements = blob;
      replacementsStart = 0;
      return;
    }
    long size = blob.length < 5 ? -1 : unsigned(littleEndian(blob, 0));
    // The array comes in blocks of 256 units.
    if (size < 1024 || size % 1024 != 0 || 4 + size >= blob.length) {
      throw broken("its size is wrong");
    }
    units = new int[(int) size / 4];
    for (int i = 0; i < units.length; i++) {
      units[i] = littleEndian(blob, 4 + 4 * i);
    }
    replacements = blob;
    replacementsStart = 4 + (int) size;
    checkTree();
  }

  /**
   * Looks for the longest rule that a text begins with.
   *
   * @return its length in bytes, in the upper half, and where in {@link
   *     #bytes} its replacement begins; -1 without a rule
   */
  long find(byte[] text, int start, int end) {
    long found = -1;
    int node = units.length == 0 ? -1 : 0;
    for (int i = start; i < end; i++) {
      node = child(node, text[i] & 0xff);
      if (node < 0) {
        break;
      }
      if (hasLeaf(units[node])) {
        int leaf = units[node ^ offset(units[node])];
        found = (long) (i + 1 - start) << 32 | replacementsStart + value(leaf);
      }
    }
    return found;
  }

  /** Whether a rule is this character, or begins with these two. */
  boolean concerns(int first, int second) {
    int node = units.length == 0 ? -1 : child(0, first);
    return node >= 0 && (hasLeaf(units[node]) || child(node, second) >= 0);
  }

  /** The node that a byte leads to; -1 if it leads to none. */
  private int child(int node, int label) {
    if (node < 0 || label == 0) { // NUL is the leaves'
      return -1;
    }
    int at = node ^ offset(units[node]) ^ label;
    return at < units.length && label(units[at]) == label ? at : -1;
  }

  /** What {@link #find} points into; a NUL ends a replacement. */
  byte[] bytes() {
    return replacements;
  }

  /**
   * Goes through all rules once, so that looking one up needs no more checks:
   * no unit points outside, none to itself, and no replacement is endless.
   */
  private void checkTree() {
    int[] heights = new int[units.length]; // 1 + the longest way down
    int[] path = new int[LONGEST_KEY + 1];
    int[] labels = new int[LONGEST_KEY + 1];
    int[] highest = new int[LONGEST_KEY + 1]; // of the children seen
    int depth = 0;
    heights[0] = BEING_SEEN;
    while (depth >= 0) {
      int label = ++labels[depth];
      int below = label < 256 ? child(path[depth], label) : -1;
      if (label == 256) {
        heights[path[depth]] = 1 + highest[depth--];
      } else if (below >= 0 && heights[below] == NOT_SEEN) {
        checkLeaf(units[below], below ^ offset(units[below]));
        labels[depth]--; // it comes again, with its height
        if (++depth > LONGEST_KEY) {
          throw broken("its rules have no end");
        }
        path[depth] = below;
        labels[depth] = 0;
        highest[depth] = 0;
        heights[below] = BEING_SEEN;
      } else if (below >= 0) {
        int height = heights[below];
        if (height == BEING_SEEN || height >= LONGEST_KEY) {
          throw broken("its rules have no end");
        }
        highest[depth] = Math.max(highest[depth], height);
      }
    }
  }

  private void checkLeaf(int unit, int base) {
    if (!hasLeaf(unit)) {
      return;
    }
    if (base >= units.length) {
      throw broken("a rule points outside");
    }
    long start = replacementsStart + (long) value(units[base]);
    long end = start;
    while (end < replacements.length && replacements[(int) end] != 0) {
      end++;
    }
    if (end >= replacements.length || end - start > LONGEST_REPLACEMENT) {
      throw broken("a replacement has no end");
    }
  }

  private static boolean hasLeaf(int unit) {
    return (unit >>> 8 & 1) == 1;
  }

  private static int value(int unit) {
    return unit & 0x7fffffff;
  }

  /** The byte of a unit; negative, hence none, of a leaf. */
  private static int label(int unit) {
    return unit & 0x800000ff;
  }

  private static int offset(int unit) {
    return unit >>> 10 << ((unit & 1 << 9) >>> 6);
  }

  private static long unsigned(int value) {
    return value & 0xffffffffL;
  }

  private static int littleEndian(byte[] bytes, int at) {
    return (bytes[at] & 0xff)
        | (bytes[at + 1] & 0xff) << 8
        | (bytes[at + 2] & 0xff) << 16
        | (bytes[at + 3] & 0xff) << 24;
  }

  private static AlbertException broken(String why) {
    return PieceModel.refused("with a damaged table of characters: " + why);
  }
}
