package albertkeras;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Fills `[MASK]` in a text, by an exported `ak.AlbertMaskedLM` or
 * `ak.AlbertPretrainer`; the twin of `ak.FillMask`.
 *
 * <pre>{@code
 * new FillMask(model, tokenizer).fill("a [MASK] model", 5).get(0).get(0).piece;
 * }</pre>
 */
public final class FillMask {
  private static final String OUTPUT = "mlm_logits";

  private final IdsModel model;
  private final AlbertTokenizer tokenizer;
  private final TextPacker packer;
  private final int length;
  private final int mostMasks;

  /** What may stand in place of a mask. */
  public static final class Guess {
    /** The id of the piece. */
    public final int token;

    /** The piece, with `▁` where it begins a word. */
    public final String piece;

    /** Its probability. */
    public final float score;

    /** The text with the piece filled in, normalised; other masks stay. */
    public final String sequence;

    private Guess(int token, String piece, float score, String sequence) {
      this.token = token;
      this.piece = piece;
      this.score = score;
      this.sequence = sequence;
    }
  }

  /**
   * @param model a masked LM
   * @param tokenizer of the vocabulary that it was trained with
   * @throws AlbertException if the model is none, or of another vocabulary
   */
  public FillMask(IdsModel model, AlbertTokenizer tokenizer) {
    int pieces = ModelRow.outputSize(model, OUTPUT);
    if (pieces != tokenizer.vocabularySize()) {
      throw new AlbertException(
          "A vocabulary must be the one that the model was trained with."
              + " Received: "
              + tokenizer.vocabularySize()
              + " pieces for a model of "
              + pieces
              + ".");
    }
    this.model = model;
    this.tokenizer = tokenizer;
    length = ModelRow.length(model);
    mostMasks = ModelRow.inputSize(model, ModelRow.MASK_POSITIONS);
    packer = new TextPacker(tokenizer, length);
  }

  /**
   * Guesses what stands at each `[MASK]`.
   *
   * @param text with one `[MASK]` at least
   * @param topK how many guesses for each, the best first
   * @return for each mask its guesses
   * @throws AlbertException if the text has no mask, more masks or more tokens
   *     than the model takes, or {@code topK} is not positive
   */
  public List<List<Guess>> fill(String text, int topK) {
    if (topK < 1) {
      throw new AlbertException(
          "`topK` must be positive. Received: topK=" + topK + ".");
    }
    PackedRow row = packer.pack(text, TextPacker.Truncation.NONE);
    int[] positions = positionsOf(row);
    Map<String, int[]> inputs = ModelRow.inputs(row);
    inputs.put(
        ModelRow.MASK_POSITIONS, Arrays.copyOf(positions, mostMasks));
    float[] logits = ModelRow.output(model.run(inputs), OUTPUT);
    List<List<Guess>> found = new ArrayList<List<Guess>>();
    int pieces = tokenizer.vocabularySize();
    for (int mask = 0; mask < positions.length; mask++) {
      float[] scores = Scores.softmax(logits, mask * pieces, pieces);
      List<Guess> guesses = new ArrayList<Guess>();
      // By logits: two of them can round to one probability.
      for (int id : Scores.best(logits, mask * pieces, pieces, topK)) {
        guesses.add(
            new Guess(
                id,
                tokenizer.pieceOf(id),
                scores[id],
                filled(row, positions[mask], id)));
      }
      found.add(guesses);
    }
    return found;
  }

  private int[] positionsOf(PackedRow row) {
    IntList positions = new IntList();
    for (int i = 0; i < row.count; i++) {
      if (row.tokenIds[i] == tokenizer.maskId) {
        positions.add(i);
      }
    }
    if (positions.size() == 0 || positions.size() > mostMasks) {
      throw new AlbertException(
          "A text must hold 1 to "
              + mostMasks
              + " times [MASK]. Received: "
              + positions.size()
              + " times.");
    }
    return positions.toArray();
  }

  private String filled(PackedRow row, int position, int id) {
    int[] ids = Arrays.copyOfRange(row.tokenIds, 1, row.count - 1);
    ids[position - 1] = id;
    return tokenizer.decode(ids);
  }
}
