package albertkeras;

import java.util.Map;

/**
 * Classes of a text or a pair, by an exported `ak.AlbertTextClassifier`.
 *
 * <pre>{@code
 * TextClassifier classifier =
 *     new TextClassifier(model, tokenizer, "negative", "positive");
 * classifier.classify("A gripping film.").label; // "positive"
 * }</pre>
 */
public final class TextClassifier {
  private final IdsModel model;
  private final TextPacker packer;
  private final String[] labels;

  /** The classes of a text. */
  public static final class Classes {
    /** The likeliest. */
    public final String label;

    /** A probability for each class; of a regression its one value. */
    public final float[] scores;

    private Classes(String label, float[] scores) {
      this.label = label;
      this.scores = scores;
    }
  }

  /**
   * @param model a classifier
   * @param tokenizer of the vocabulary that it was trained with
   * @param labels names of the classes, in the order of their ids
   * @throws AlbertException if the model is none, or has not as many classes
   */
  public TextClassifier(
      IdsModel model, AlbertTokenizer tokenizer, String... labels) {
    int classes = ModelRow.outputSize(model, "scores");
    if (labels.length != classes) {
      throw new AlbertException(
          "`labels` must name each class of the model. Received: "
              + labels.length
              + " labels for "
              + classes
              + " classes.");
    }
    this.model = model;
    this.labels = labels.clone();
    packer = new TextPacker(tokenizer, ModelRow.length(model));
  }

  /** Classes of a text; what is too long loses its end. */
  public Classes classify(String text) {
    return classify(packer.pack(text, TextPacker.Truncation.LONGEST_FIRST));
  }

  /** Classes of a pair; of the longer text the end is lost first. */
  public Classes classify(String text, String second) {
    return classify(
        packer.pack(text, second, TextPacker.Truncation.LONGEST_FIRST));
  }

  private Classes classify(PackedRow row) {
    Map<String, float[]> outputs = model.run(ModelRow.inputs(row));
    float[] scores = ModelRow.output(outputs, "scores");
    return new Classes(labels[Scores.best(scores)], scores);
  }
}
