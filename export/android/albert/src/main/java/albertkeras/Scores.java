package albertkeras;

/** Numbers that a model puts out. */
final class Scores {
  private Scores() {}

  /** Probabilities of some logits: the softmax of a part of an array. */
  static float[] softmax(float[] logits, int from, int count) {
    float highest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      highest = Math.max(highest, logits[from + i]);
    }
    double total = 0;
    double[] weights = new double[count];
    for (int i = 0; i < count; i++) {
      weights[i] = Math.exp(logits[from + i] - highest);
      total += weights[i];
    }
    float[] scores = new float[count];
    for (int i = 0; i < count; i++) {
      scores[i] = (float) (weights[i] / total);
    }
    return scores;
  }

  /** The place of the highest, the first of equals. */
  static int best(float[] scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      if (scores[i] > scores[best]) {
        best = i;
      }
    }
    return best;
  }

  /** The places of the highest, best first; equals in the order they have. */
  static int[] best(float[] scores, int from, int length, int count) {
    int[] places = new int[Math.min(count, length)];
    int found = 0;
    for (int i = 0; i < length; i++) {
      float score = scores[from + i];
      int at = found;
      while (at > 0 && score > scores[from + places[at - 1]]) {
        at--;
      }
      if (at < places.length) {
        int moved = Math.min(found, places.length - 1) - at;
        System.arraycopy(places, at, places, at + 1, moved);
        places[at] = i;
        found = Math.min(found + 1, places.length);
      }
    }
    return places;
  }
}
