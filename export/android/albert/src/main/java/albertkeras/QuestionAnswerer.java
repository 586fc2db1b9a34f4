package albertkeras;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Answers questions from a passage, by an exported
 * `ak.AlbertQuestionAnswering`.
 *
 * <p>A passage that is too long for the model is read in windows that overlap,
 * each behind the question. Of a question that is too long the end is cut off.
 *
 * <pre>{@code
 * QuestionAnswerer reader = new QuestionAnswerer(model, tokenizer);
 * reader.answer("Who wrote it?", passage).answers.get(0).text;
 * }</pre>
 */
public final class QuestionAnswerer {
  /** run_squad_v1.py: flags `doc_stride` and `max_query_length`. */
  public static final int STRIDE = 128;

  public static final int QUESTION_LENGTH = 64;

  private final IdsModel model;
  private final AlbertTokenizer tokenizer;
  private final int length;
  private final boolean isBeam;

  /** What a model answers. */
  public static final class Answers {
    /** The best answers first, one at least; "" where none is possible. */
    public final List<Answer> answers;

    /**
     * What speaks for no answer, a logit: positive where there rather is none.
     * NaN of a model with head "v1", which always answers.
     */
    public final float nullOdds;

    private Answers(List<Answer> answers, float nullOdds) {
      this.answers = answers;
      this.nullOdds = nullOdds;
    }
  }

  /**
   * @param model a reader, with head "v1" or "v2"
   * @param tokenizer of the vocabulary that it was trained with
   * @throws AlbertException if the model is none
   */
  public QuestionAnswerer(IdsModel model, AlbertTokenizer tokenizer) {
    this.model = model;
    this.tokenizer = tokenizer;
    length = ModelRow.length(model);
    isBeam = model.outputShape("cls_logits") != null;
    ModelRow.outputSize(model, isBeam ? "start_top_index" : "start_logits");
    if (length < 5) {
      throw new AlbertException(
          "A reader must take 5 tokens at least, for a question and a passage."
              + " Received: a model of "
              + length
              + " tokens.");
    }
  }

  /**
   * Looks for the answers of a question.
   *
   * @throws AlbertException if the passage is longer than {@link
   *     AlbertTokenizer#LONGEST_TEXT}
   */
  public Answers answer(String question, String context) {
    int[] asked = tokenizer.encode(question);
    int kept = Math.min(asked.length, Math.min(QUESTION_LENGTH, length / 2));
    Tokens passage = tokenizer.tokenize(context);
    int room = length - 3 - kept;
    Windows windows = new Windows(passage.size(), room, STRIDE);
    AnswerSpans spans = new AnswerSpans(context, passage, windows);
    float nullOdds = Float.NaN;
    for (int window = 0; window < windows.count(); window++) {
      Map<String, float[]> outputs =
          model.run(inputs(asked, kept, passage, windows, window));
      int first = kept + 2;
      if (isBeam) {
        spans.addOfBeam(window, first, outputs);
        float odds = ModelRow.output(outputs, "cls_logits")[0];
        nullOdds = Float.isNaN(nullOdds) ? odds : Math.min(nullOdds, odds);
      } else {
        spans.addOfLogits(
            window,
            first,
            ModelRow.output(outputs, "start_logits"),
            ModelRow.output(outputs, "end_logits"));
      }
    }
    return new Answers(spans.rank(), nullOdds);
  }

  /** `[CLS] question [SEP] passage [SEP]`, of a window of the passage. */
  private Map<String, int[]> inputs(
      int[] asked, int kept, Tokens passage, Windows windows, int window) {
    int start = windows.starts[window];
    int count = windows.lengths[window];
    int[] held = Arrays.copyOfRange(passage.ids, start, start + count);
    Tokens[] parts = {withoutSpans(asked), withoutSpans(held)};
    PackedRow row =
        new PackedRow(length, tokenizer, parts, new int[] {kept, count});
    Map<String, int[]> inputs = ModelRow.inputs(row);
    if (model.inputShape(ModelRow.ANSWER_MASK) != null) {
      int[] mask = new int[length];
      mask[0] = 1;
      Arrays.fill(mask, kept + 2, kept + 2 + count, 1);
      inputs.put(ModelRow.ANSWER_MASK, mask);
    }
    return inputs;
  }

  private static Tokens withoutSpans(int[] ids) {
    return new Tokens(ids, new int[ids.length], new int[ids.length]);
  }
}
