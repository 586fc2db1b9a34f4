package albertkeras;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A tag for each word of a text, by an exported `ak.AlbertTokenClassifier`.
 *
 * <p>Words stand between white space. One is read from its first token. A text
 * that is too long goes on in a further row, from the word that did not fit; a
 * word of more tokens than a row takes loses those at its end.
 *
 * <pre>{@code
 * Tagger tagger = new Tagger(model, tokenizer, "O", "B-LOC", "I-LOC");
 * Tagger.Tags tags = tagger.tag("New York sleeps");
 * for (Entity entity : Entity.of(tags.labels)) {
 *   tags.textOf(entity); // "New York"
 * }
 * }</pre>
 */
public final class Tagger {
  private static final String OUTPUT = "logits";

  private final IdsModel model;
  private final AlbertTokenizer tokenizer;
  private final String[] labels;
  private final int length;

  /** Words and their tags. */
  public static final class Tags {
    /** The likeliest tag of each word. */
    public final String[] labels;

    /** Its probability. */
    public final float[] scores;

    /** Where in the text each word begins, in UTF-16 units. */
    public final int[] starts;

    /** Where it ends, exclusive. */
    public final int[] ends;

    private final String text;

    private Tags(String text, int[] starts, int[] ends) {
      this.text = text;
      this.starts = starts;
      this.ends = ends;
      labels = new String[starts.length];
      scores = new float[starts.length];
    }

    /** What the text shows of an entity. */
    public String textOf(Entity entity) {
      return text.substring(starts[entity.begin], ends[entity.end - 1]);
    }
  }

  /**
   * @param model a tagger
   * @param tokenizer of the vocabulary that it was trained with
   * @param labels the tags, in the order of their ids
   * @throws AlbertException if the model is none, or has not as many classes
   */
  public Tagger(IdsModel model, AlbertTokenizer tokenizer, String... labels) {
    int[] shape = model.outputShape(OUTPUT);
    int classes = ModelRow.outputSize(model, OUTPUT);
    length = ModelRow.length(model);
    if (shape.length != 3 || shape[1] != length || length < 3) {
      throw new AlbertException(
          "A tagger must have logits for each token. Received: logits of shape "
              + Arrays.toString(shape)
              + ".");
    }
    if (labels.length != classes) {
      throw new AlbertException(
          "`labels` must name each tag of the model. Received: "
              + labels.length
              + " labels for "
              + classes
              + " tags.");
    }
    this.model = model;
    this.tokenizer = tokenizer;
    this.labels = labels.clone();
  }

  /** Tags the words of a text. */
  public Tags tag(String text) {
    IntList starts = new IntList();
    IntList ends = new IntList();
    for (int i = 0; i < text.length(); ) {
      int start = i;
      while (i < text.length() && !Characters.isSpace(text.charAt(i))) {
        i++;
      }
      if (i > start) {
        starts.add(start);
        ends.add(i);
      } else {
        i++;
      }
    }
    Tags tags = new Tags(text, starts.toArray(), ends.toArray());
    int room = length - 2;
    IntList row = new IntList();
    List<Integer> places = new ArrayList<Integer>(); // of first tokens
    int first = 0; // word of the row
    for (int word = 0; word < starts.size(); word++) {
      int[] ids =
          tokenizer.encode(text.substring(starts.get(word), ends.get(word)));
      ids = ids.length == 0 ? new int[] {tokenizer.unkId} : ids;
      ids = ids.length > room ? Arrays.copyOf(ids, room) : ids;
      if (row.size() + ids.length > room) {
        read(row, places, first, tags);
        row = new IntList();
        places.clear();
        first = word;
      }
      places.add(1 + row.size()); // behind `[CLS]`
      row.addAll(ids);
    }
    read(row, places, first, tags);
    return tags;
  }

  /** Runs the model on a row and reads the tags of its words. */
  private void read(IntList row, List<Integer> places, int first, Tags tags) {
    if (places.isEmpty()) {
      return;
    }
    int[] ids = row.toArray();
    int[] none = new int[ids.length];
    PackedRow packed =
        new PackedRow(
            length,
            tokenizer,
            new Tokens[] {new Tokens(ids, none, none)},
            new int[] {ids.length});
    Map<String, float[]> outputs = model.run(ModelRow.inputs(packed));
    float[] logits = ModelRow.output(outputs, OUTPUT);
    for (int i = 0; i < places.size(); i++) {
      float[] scores =
          Scores.softmax(logits, places.get(i) * labels.length, labels.length);
      int best = Scores.best(scores);
      tags.labels[first + i] = labels[best];
      tags.scores[first + i] = scores[best];
    }
  }
}
