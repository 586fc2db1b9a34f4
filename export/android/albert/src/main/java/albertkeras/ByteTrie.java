package albertkeras;

import java.util.Arrays;
import java.util.Comparator;

/**
 * A set of byte strings, each with a number; a double array.
 *
 * <p>The child of a node by a byte stands at {@code base[node] + byte + 1}, and
 * is one if {@code parent} there names the node. A string ends in a child by 0,
 * whose base is its number.
 */
final class ByteTrie {
  private static final int FREE = -1;
  // After so many tries in vain the array is taken for full up to there.
  private static final int MOST_TRIES = 16;

  private int[] base = new int[1024];
  private int[] parent = new int[1024];
  private int firstFree = 1;

  /**
   * @param keys different strings, none empty
   * @param values their numbers, 0 or more
   */
  ByteTrie(byte[][] keys, int[] values) {
    Arrays.fill(parent, FREE);
    parent[0] = 0;
    Integer[] order = new Integer[keys.length];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    Arrays.sort(order, new ByBytes(keys));
    // What is to be placed: a node, its strings from .. to, its depth.
    int[] stack = new int[4 * 64];
    int top = 0;
    if (keys.length > 0) {
      stack[2] = keys.length;
      top = 4;
    }
    int[] codes = new int[257];
    int[] begins = new int[258];
    while (top > 0) {
      top -= 4;
      int node = stack[top];
      int from = stack[top + 1];
      int to = stack[top + 2];
      int depth = stack[top + 3];
      int count = 0;
      for (int i = from; i < to; i++) {
        byte[] key = keys[order[i]];
        int code = depth == key.length ? 0 : 1 + (key[depth] & 0xff);
        if (count == 0 || codes[count - 1] != code) {
          codes[count] = code;
          begins[count++] = i;
        }
      }
      begins[count] = to;
      int place = place(node, codes, count);
      if (top + 4 * count > stack.length) {
        stack = Arrays.copyOf(stack, 2 * (top + 4 * count));
      }
      for (int i = 0; i < count; i++) {
        int child = place + codes[i];
        if (codes[i] == 0) {
          base[child] = values[order[begins[i]]];
        } else {
          stack[top++] = child;
          stack[top++] = begins[i];
          stack[top++] = begins[i + 1];
          stack[top++] = depth + 1;
        }
      }
    }
  }

  /** The node of the empty string, where every search begins. */
  static int root() {
    return 0;
  }

  /** The node that a byte leads to; -1 if it leads to none. */
  int child(int node, byte label) {
    int at = base[node] + 1 + (label & 0xff);
    return at < parent.length && parent[at] == node ? at : -1;
  }

  /** The number of the string that ends at a node; -1 if none does. */
  int value(int node) {
    int at = base[node];
    return at < parent.length && parent[at] == node && at != node
        ? base[at]
        : -1;
  }

  /** Length of the longest string that a text begins with; 0 if none. */
  int longest(byte[] text, int start, int end) {
    int length = 0;
    int node = root();
    for (int i = start; i < end; i++) {
      node = child(node, text[i]);
      if (node < 0) {
        break;
      }
      if (value(node) >= 0) {
        length = i + 1 - start;
      }
    }
    return length;
  }

  /** Finds room for the children of a node. */
  private int place(int node, int[] codes, int count) {
    int tries = 0;
    int at = firstFree;
    while (true) {
      grow(at + 258);
      if (parent[at] == FREE && at > codes[0]) {
        int place = at - codes[0];
        if (isFree(place, codes, count)) {
          for (int i = 0; i < count; i++) {
            parent[place + codes[i]] = node;
          }
          base[node] = place;
          if (tries > MOST_TRIES) {
            firstFree = at;
          }
          return place;
        }
      }
      at++;
      tries++;
    }
  }

  private boolean isFree(int place, int[] codes, int count) {
    for (int i = 0; i < count; i++) {
      if (parent[place + codes[i]] != FREE) {
        return false;
      }
    }
    return true;
  }

  private void grow(int size) {
    if (size > parent.length) {
      int old = parent.length;
      base = Arrays.copyOf(base, Math.max(size, 2 * old));
      parent = Arrays.copyOf(parent, base.length);
      Arrays.fill(parent, old, parent.length, FREE);
    }
  }

  /** As C compares bytes, unsigned, the shorter first. */
  private static final class ByBytes implements Comparator<Integer> {
    private final byte[][] keys;

    ByBytes(byte[][] keys) {
      this.keys = keys;
    }

    @Override
    public int compare(Integer a, Integer b) {
      byte[] first = keys[a];
      byte[] second = keys[b];
      int length = Math.min(first.length, second.length);
      for (int i = 0; i < length; i++) {
        int difference = (first[i] & 0xff) - (second[i] & 0xff);
        if (difference != 0) {
          return difference;
        }
      }
      return first.length - second.length;
    }
  }
}
