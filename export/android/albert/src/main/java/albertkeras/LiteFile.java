package albertkeras;

import java.nio.ByteBuffer;

/**
 * Looks whether a .tflite is whole before LiteRT opens it.
 *
 * <p>LiteRT trusts a file: of one that was cut off on its way to the phone, or
 * damaged, it may end the app. What is looked at is all that points anywhere
 * (`schema.fbs` of TensorFlow Lite) and the sizes of constants; not the weights
 * themselves, in which any number is one.
 *
 * <pre>{@code
 * LiteFile.check(channel.map(MapMode.READ_ONLY, 0, channel.size()));
 * }</pre>
 */
public final class LiteFile {
  private static final byte[] IDENTIFIER = {'T', 'F', 'L', '3'};
  private static final String SIGNATURE = "serve_ids";
  // BuiltinOptions whose first field is a vector of integers.
  private static final int RESHAPE_OPTIONS = 17;
  private static final int SQUEEZE_OPTIONS = 30;
  private static final int INT4 = 17; // TensorType

  private final FlatTable model;
  private final int buffers;
  private final int codes;
  private final long[] bufferBytes;

  /**
   * Checks a file.
   *
   * @param content all of it
   * @throws AlbertException if it is damaged, no .tflite, or has no signature
   *     `serve_ids`
   */
  public static void check(ByteBuffer content) {
    if (content.limit() < 8) {
      throw FlatTable.broken();
    }
    for (int i = 0; i < IDENTIFIER.length; i++) {
      if (content.get(4 + i) != IDENTIFIER[i]) {
        throw new AlbertException(
            "A model must be a .tflite file. Received: one of another kind.");
      }
    }
    new LiteFile(FlatTable.rootOf(content)).check();
  }

  private LiteFile(FlatTable model) {
    this.model = model;
    codes = model.count(1, 4);
    buffers = model.count(4, 4);
    bufferBytes = new long[buffers];
  }

  private void check() {
    model.string(3);
    model.integers(5);
    for (int i = 0; i < codes; i++) {
      model.element(1, i).string(1);
    }
    for (int i = 0; i < buffers; i++) {
      bufferBytes[i] = model.element(4, i).count(0, 1);
    }
    int[] tensors = new int[model.count(2, 4)];
    for (int i = 0; i < tensors.length; i++) {
      tensors[i] = checkGraph(model.element(2, i));
    }
    for (int i = 0; i < model.count(6, 4); i++) {
      FlatTable metadata = model.element(6, i);
      metadata.string(0);
      checkIndex(metadata.integer(1, 4), buffers);
    }
    boolean isServed = false;
    for (int i = 0; i < model.count(7, 4); i++) {
      FlatTable signature = model.element(7, i);
      int graph = signature.integer(4, 4);
      checkIndex(graph, tensors.length);
      checkNames(signature, 0, tensors[graph]);
      checkNames(signature, 1, tensors[graph]);
      isServed |= signature.string(2).equals(SIGNATURE);
    }
    if (!isServed) {
      throw new AlbertException(
          "A model must have the signature serve_ids. Received: a .tflite"
              + " without.");
    }
  }

  /** Checks a graph; tells how many tensors it has. */
  private int checkGraph(FlatTable graph) {
    int tensors = graph.count(0, 4);
    for (int i = 0; i < tensors; i++) {
      checkTensor(graph.element(0, i));
    }
    checkIndices(graph.integers(1), 0, tensors);
    checkIndices(graph.integers(2), 0, tensors);
    for (int i = 0; i < graph.count(3, 4); i++) {
      FlatTable operator = graph.element(3, i);
      checkIndex(operator.integer(0, 4), codes);
      checkIndices(operator.integers(1), -1, tensors); // -1: left out
      checkIndices(operator.integers(2), 0, tensors);
      checkIndices(operator.integers(8), 0, tensors);
      operator.count(5, 1);
      operator.count(7, 1);
      checkOptions(operator);
    }
    graph.string(4);
    return tensors;
  }

  private void checkTensor(FlatTable tensor) {
    int[] shape = tensor.integers(0);
    tensor.integers(7);
    tensor.string(3);
    int buffer = tensor.integer(2, 4);
    checkIndex(buffer, buffers);
    long elements = 1;
    for (int size : shape) {
      if (size < 0 || elements * size > Integer.MAX_VALUE) {
        throw FlatTable.broken();
      }
      elements *= size;
    }
    FlatTable quantization = tensor.table(4);
    if (quantization != null) {
      for (int field = 0; field < 3; field++) {
        quantization.count(field, 4);
      }
      quantization.count(3, 8);
      quantization.table(5);
      int scales = quantization.count(2, 4);
      int dimension = quantization.integer(6, 4);
      checkIndex(dimension, Math.max(1, shape.length));
      if (scales > 1 && (shape.length == 0 || scales != shape[dimension])) {
        throw FlatTable.broken();
      }
    }
    int type = tensor.integer(1, 1);
    long bytes = bytesOf(type, elements);
    if (bufferBytes[buffer] > 0 && bytes > 0 && bufferBytes[buffer] != bytes) {
      throw FlatTable.broken();
    }
  }

  /** Bytes of a constant, by the order of TensorType; 0 if not known. */
  private static long bytesOf(int type, long elements) {
    switch (type) {
      case 0: // FLOAT32
      case 2: // INT32
        return 4 * elements;
      case 1: // FLOAT16
        return 2 * elements;
      case 3: // UINT8
      case 6: // BOOL
      case 9: // INT8
        return elements;
      case 4: // INT64
        return 8 * elements;
      case INT4:
        return (elements + 1) / 2;
      default:
        return 0;
    }
  }

  private static void checkOptions(FlatTable operator) {
    int type = operator.integer(3, 1);
    FlatTable options = operator.table(4);
    if (options != null
        && (type == RESHAPE_OPTIONS || type == SQUEEZE_OPTIONS)) {
      options.integers(0);
    }
    operator.table(12);
  }

  private static void checkNames(FlatTable signature, int field, int tensors) {
    for (int i = 0; i < signature.count(field, 4); i++) {
      FlatTable name = signature.element(field, i);
      name.string(0);
      checkIndex(name.integer(1, 4), tensors);
    }
  }

  private static void checkIndices(int[] indices, int least, int count) {
    for (int index : indices) {
      if (index < least || index >= count) {
        throw FlatTable.broken();
      }
    }
  }

  private static void checkIndex(int index, int count) {
    if (index < 0 || index >= count) {
      throw FlatTable.broken();
    }
  }
}
