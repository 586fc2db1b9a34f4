package albertkeras;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The best segmentation of normalised text by a unigram model.
 *
 * <p>Follows `Model::EncodeOptimized` of SentencePiece to the last bit: scores
 * are summed up in single precision and compared in double, and of two
 * segmentations that score the same the one that was found first stays.
 */
final class UnigramEncoder {
  // unigram_model.cc: kUnkPenalty
  private static final float UNKNOWN_PENALTY = 10.0f;

  final ByteTrie userDefined;
  private final ByteTrie pieces;
  private final float[] scores;
  private final boolean[] isUserDefined;
  private final int unknown;
  private final float unknownScore;
  private final float highestScore;

  UnigramEncoder(PieceModel model) {
    scores = model.scores;
    unknown = model.unknown;
    isUserDefined = new boolean[scores.length];
    List<byte[]> keys = new ArrayList<byte[]>();
    List<byte[]> symbols = new ArrayList<byte[]>();
    IntList ids = new IntList();
    float lowest = Float.MAX_VALUE;
    float highest = Float.MIN_NORMAL; // C's FLT_MIN, as there
    for (int i = 0; i < scores.length; i++) {
      int type = model.types[i];
      if (type == PieceModel.NORMAL) {
        lowest = Math.min(lowest, scores[i]);
        highest = Math.max(highest, scores[i]);
      }
      if (type == PieceModel.USER_DEFINED) {
        isUserDefined[i] = true;
        symbols.add(model.bytes.get(i));
      }
      if (type == PieceModel.NORMAL || type == PieceModel.USER_DEFINED) {
        keys.add(model.bytes.get(i));
        ids.add(i);
      }
    }
    unknownScore = lowest - UNKNOWN_PENALTY;
    highestScore = highest;
    pieces = new ByteTrie(keys.toArray(new byte[0][]), ids.toArray());
    userDefined =
        new ByteTrie(symbols.toArray(new byte[0][]), new int[symbols.size()]);
  }

  /** Pieces of a text, and where each ends in it. */
  static final class Segmentation {
    final int[] ids;
    final int[] ends;

    private Segmentation(int[] ids, int[] ends) {
      this.ids = ids;
      this.ends = ends;
    }
  }

  /**
   * @param text UTF-8, normalised by {@link PieceNormalizer}
   * @param length bytes of it
   */
  Segmentation encode(byte[] text, int length) {
    // Of the best segmentation up to each byte: its score, and its last piece.
    float[] best = new float[length + 1];
    int[] starts = new int[length + 1];
    int[] ids = new int[length + 1];
    Arrays.fill(starts, -1);
    int start = 0;
    while (start < length) {
      float before = best[start];
      int character = Math.min(Utf8.length(text[start]), length - start);
      boolean hasCharacter = false;
      int node = ByteTrie.root();
      for (int i = start; i < length; ) {
        node = pieces.child(node, text[i++]);
        if (node < 0) {
          break;
        }
        int id = pieces.value(node);
        if (id < 0) {
          continue;
        }
        // A symbol that users defined gets more than any piece.
        double score =
            isUserDefined[id]
                ? (float) (i - start) * highestScore - 0.1
                : scores[id];
        double total = score + before;
        if (starts[i] < 0 || total > best[i]) {
          best[i] = (float) total;
          starts[i] = start;
          ids[i] = id;
        }
        hasCharacter |= i - start == character;
      }
      int end = start + character;
      if (!hasCharacter) {
        float total = unknownScore + before;
        if (starts[end] < 0 || total > best[end]) {
          best[end] = total;
          starts[end] = start;
          ids[end] = unknown;
        }
      }
      start = end;
    }
    return backtrack(starts, ids, length);
  }

  private Segmentation backtrack(int[] starts, int[] ids, int length) {
    int count = 0;
    int following = -1;
    for (int end = length; end > 0; end = starts[end]) {
      // What is unknown and stands together is one.
      count += ids[end] == unknown && following == unknown ? 0 : 1;
      following = ids[end];
    }
    int[] foundIds = new int[count];
    int[] foundEnds = new int[count];
    following = -1;
    for (int end = length; end > 0; end = starts[end]) {
      if (ids[end] != unknown || following != unknown) {
        foundIds[--count] = ids[end];
        foundEnds[count] = end;
      }
      following = ids[end];
    }
    return new Segmentation(foundIds, foundEnds);
  }
}
