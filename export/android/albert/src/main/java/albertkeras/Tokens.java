package albertkeras;

/**
 * Tokens of a text and where each stands in it.
 *
 * <p>{@code text.substring(starts[i], ends[i])} is what token {@code i} shows.
 * The spans are in UTF-16 units, as Java counts; {@link #inCodePoints} gives
 * them as Python counts.
 */
public final class Tokens {
  /** Token ids. */
  public final int[] ids;

  /** Where each token begins. */
  public final int[] starts;

  /** Where each token ends, exclusive. */
  public final int[] ends;

  Tokens(int[] ids, int[] starts, int[] ends) {
    this.ids = ids;
    this.starts = starts;
    this.ends = ends;
  }

  /** How many there are. */
  public int size() {
    return ids.length;
  }

  /**
   * The same tokens with spans in Unicode code points.
   *
   * @param text the text that they are of
   */
  public Tokens inCodePoints(String text) {
    int[] places = codePointPlaces(text);
    int[] newStarts = new int[ids.length];
    int[] newEnds = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      newStarts[i] = places[starts[i]];
      newEnds[i] = places[ends[i]];
    }
    return new Tokens(ids, newStarts, newEnds);
  }

  /** For each UTF-16 unit, and the end, how many code points are before it. */
  static int[] codePointPlaces(String text) {
    int[] places = new int[text.length() + 1];
    int count = 0;
    for (int i = 0; i < text.length(); ) {
      int width = Character.charCount(text.codePointAt(i));
      for (int unit = 0; unit < width; unit++) {
        places[i++] = count;
      }
      count++;
    }
    places[text.length()] = count;
    return places;
  }
}
