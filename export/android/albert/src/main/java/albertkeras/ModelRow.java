package albertkeras;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** What a model says of itself, and its inputs made of a row. */
final class ModelRow {
  static final String TOKEN_IDS = "token_ids";
  static final String SEGMENT_IDS = "segment_ids";
  static final String PADDING_MASK = "padding_mask";
  static final String ANSWER_MASK = "answer_mask";
  static final String MASK_POSITIONS = "mask_positions";

  private ModelRow() {}

  /** Tokens of the model's row. */
  static int length(IdsModel model) {
    return size(model.inputShape(TOKEN_IDS), "input", TOKEN_IDS);
  }

  /** The last size of an output that the model must have. */
  static int outputSize(IdsModel model, String name) {
    return size(model.outputShape(name), "output", name);
  }

  /** The last size of an input that the model must have. */
  static int inputSize(IdsModel model, String name) {
    return size(model.inputShape(name), "input", name);
  }

  private static int size(int[] shape, String kind, String name) {
    if (shape == null || shape.length == 0) {
      throw new AlbertException(
          "A model for this task must have the "
              + kind
              + " "
              + name
              + ". Received: one without.");
    }
    int size = shape[shape.length - 1];
    if (size < 1 || shape[0] > 1) {
      throw new AlbertException(
          "A model must take one row of a fixed size. Received: "
              + Arrays.toString(shape)
              + " as the shape of "
              + name
              + ".");
    }
    return size;
  }

  /** The inputs that every model has. */
  static Map<String, int[]> inputs(PackedRow row) {
    Map<String, int[]> inputs = new HashMap<String, int[]>();
    inputs.put(TOKEN_IDS, row.tokenIds);
    inputs.put(SEGMENT_IDS, row.segmentIds);
    inputs.put(PADDING_MASK, row.paddingMask);
    return inputs;
  }

  /** An output that the model must have given. */
  static float[] output(Map<String, float[]> outputs, String name) {
    float[] values = outputs.get(name);
    if (values == null) {
      throw new AlbertException(
          "A model for this task must have the output "
              + name
              + ". Received: "
              + outputs.keySet()
              + ".");
    }
    return values;
  }
}
