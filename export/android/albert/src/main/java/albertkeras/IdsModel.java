package albertkeras;

import java.util.Map;

/**
 * The signature `serve_ids` of an exported .tflite, however it is run.
 *
 * <p>On Android LiteRT's `CompiledModel` runs it, see the app; on a JVM its C
 * library.
 */
public interface IdsModel {
  /**
   * The shape of an input, as {1, 128} of `token_ids`.
   *
   * @return null if there is no input of that name
   */
  int[] inputShape(String name);

  /**
   * The shape of an output, as {1, 2} of `logits`.
   *
   * @return null if there is no output of that name
   */
  int[] outputShape(String name);

  /**
   * Runs the model.
   *
   * @param inputs all inputs by name
   * @return all outputs by name; integers as floats, which hold a place in a
   *     row exactly
   * @throws AlbertException if that fails
   */
  Map<String, float[]> run(Map<String, int[]> inputs);
}
