package albertkeras;

import java.util.ArrayList;
import java.util.List;

/** A named entity: words with a type. */
public final class Entity {
  /** Its type, as `PER`. */
  public final String type;

  /** Its first word. */
  public final int begin;

  /** Behind its last word. */
  public final int end;

  private Entity(String type, int begin, int end) {
    this.type = type;
    this.begin = begin;
    this.end = end;
  }

  /**
   * Reads the entities of a sentence from its tags.
   *
   * <p>One begins at a `B-` or `S-`, and at any other tag where the tag before
   * was `O`, of another type, or ended one (`E-`, `S-`): the rules of
   * `conlleval`.
   *
   * @param tags one a word: `O`, or a prefix of B, I, E, S with a type
   * @throws AlbertException if a tag is anything else
   */
  public static List<Entity> of(String... tags) {
    List<Entity> found = new ArrayList<Entity>();
    int begin = 0;
    String type = null; // of the entity that is open
    for (int place = 0; place < tags.length; place++) {
      char prefix = prefixOf(tags[place]);
      String own = prefix == 'O' ? null : tags[place].substring(2);
      if (type != null
          && (prefix == 'O'
              || prefix == 'B'
              || prefix == 'S'
              || !own.equals(type))) {
        found.add(new Entity(type, begin, place));
        type = null;
      }
      if (own != null && type == null) {
        begin = place;
        type = own;
      }
      if (prefix == 'E' || prefix == 'S') {
        found.add(new Entity(type, begin, place + 1));
        type = null;
      }
    }
    if (type != null) {
      found.add(new Entity(type, begin, tags.length));
    }
    return found;
  }

  private static char prefixOf(String tag) {
    if (tag.equals("O")) {
      return 'O';
    }
    boolean isTag =
        tag.length() > 2
            && tag.charAt(1) == '-'
            && "BIES".indexOf(tag.charAt(0)) >= 0;
    if (!isTag) {
      throw new AlbertException(
          "A tag must be `O` or B, I, E or S with a type, as `B-PER`."
              + " Received: "
              + tag
              + ".");
    }
    return tag.charAt(0);
  }
}
