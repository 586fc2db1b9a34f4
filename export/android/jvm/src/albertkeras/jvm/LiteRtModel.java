package albertkeras.jvm;

import albertkeras.AlbertException;
import albertkeras.IdsModel;
import albertkeras.LiteContents;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A .tflite that LiteRT's C library runs in this JVM, without Android.
 *
 * <p>The library trusts a file to be whole, so {@link LiteContents} looks
 * before.
 */
public final class LiteRtModel implements IdsModel, Closeable {
  private static final String SIGNATURE = "serve_ids";

  /** What is packed with the model. */
  public final LiteContents contents;

  private final LiteRt lite;
  private Pointer environment;
  private Pointer model;
  private Pointer options;
  private Pointer compiled;
  private long signature;
  private final List<Slot> inputs = new ArrayList<Slot>();
  private final List<Slot> outputs = new ArrayList<Slot>();

  /** A tensor of the signature and the memory for it. */
  private static final class Slot {
    private String name;
    private Memory type;
    private Pointer buffer;
  }

  /**
   * @param library path of `libLiteRt.so`
   * @param path of the .tflite
   * @throws AlbertException if it is none, or none of an ALBERT
   * @throws IOException if it cannot be read
   */
  public LiteRtModel(String library, String path) throws IOException {
    contents = contentsOf(path);
    lite = new LiteRt(library);
    boolean isOpen = false;
    try {
      open(path);
      isOpen = true;
    } finally {
      if (!isOpen) {
        close();
      }
    }
  }

  @Override
  public int[] inputShape(String name) {
    return shape(inputs, name);
  }

  @Override
  public int[] outputShape(String name) {
    return shape(outputs, name);
  }

  @Override
  public Map<String, float[]> run(Map<String, int[]> values) {
    for (Slot input : inputs) {
      write(input, values.get(input.name));
    }
    lite.call(
        "LiteRtRunCompiledModel",
        compiled,
        signature,
        (long) inputs.size(),
        pointers(inputs),
        (long) outputs.size(),
        pointers(outputs));
    Map<String, float[]> found = new HashMap<String, float[]>();
    for (Slot output : outputs) {
      found.put(output.name, read(output));
    }
    return found;
  }

  @Override
  public void close() {
    List<Slot> all = new ArrayList<Slot>(inputs);
    all.addAll(outputs);
    for (Slot slot : all) {
      lite.destroy("LiteRtDestroyTensorBuffer", slot.buffer);
    }
    inputs.clear();
    outputs.clear();
    lite.destroy("LiteRtDestroyCompiledModel", compiled);
    lite.destroy("LiteRtDestroyOptions", options);
    lite.destroy("LiteRtDestroyModel", model);
    lite.destroy("LiteRtDestroyEnvironment", environment);
    compiled = options = model = environment = null;
  }

  private static LiteContents contentsOf(String path) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path, "r")) {
      FileChannel channel = file.getChannel();
      return LiteContents.of(
          channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()));
    }
  }

  private void open(String path) {
    environment = lite.get("LiteRtCreateEnvironment", 0, Pointer.NULL);
    model = lite.get("LiteRtCreateModelFromFile", environment, path);
    signature = findSignature(path);
    options = lite.get("LiteRtCreateOptions");
    lite.call("LiteRtSetOptionsHardwareAccelerators", options, LiteRt.CPU);
    compiled =
        lite.get("LiteRtCreateCompiledModel", environment, model, options);
    Pointer found = lite.get("LiteRtGetModelSignature", model, signature);
    addSlots(found, "Input", inputs);
    addSlots(found, "Output", outputs);
  }

  private long findSignature(String path) {
    long count = lite.count("LiteRtGetNumModelSignatures", model);
    for (long i = 0; i < count; i++) {
      Pointer each = lite.get("LiteRtGetModelSignature", model, i);
      if (lite.text("LiteRtGetSignatureKey", each).equals(SIGNATURE)) {
        return i;
      }
    }
    throw new AlbertException(
        "A model must have the signature serve_ids. Received: "
            + path
            + ", without.");
  }

  private void addSlots(Pointer found, String kind, List<Slot> slots) {
    long count = lite.count("LiteRtGetNumSignature" + kind + "s", found);
    for (long i = 0; i < count; i++) {
      Slot slot = new Slot();
      slot.name = lite.text("LiteRtGetSignature" + kind + "Name", found, i);
      slot.type =
          lite.typeOf(
              lite.get(
                  "LiteRtGetSignature" + kind + "TensorByIndex", found, i));
      Pointer needed =
          lite.get(
              "LiteRtGetCompiledModel" + kind + "BufferRequirements",
              compiled,
              signature,
              i);
      slot.buffer =
          lite.get(
              "LiteRtCreateManagedTensorBufferFromRequirements",
              environment,
              slot.type,
              needed);
      slots.add(slot);
    }
  }

  private void write(Slot slot, int[] values) {
    int size = size(slot);
    if (values == null || values.length != size) {
      throw new AlbertException(
          "The input "
              + slot.name
              + " must have "
              + size
              + " numbers. Received: "
              + (values == null ? 0 : values.length)
              + ".");
    }
    Pointer memory = lite.lock(slot.buffer, LiteRt.WRITE);
    memory.write(0, values, 0, size);
    lite.call("LiteRtUnlockTensorBuffer", slot.buffer);
  }

  private float[] read(Slot slot) {
    int size = size(slot);
    float[] values = new float[size];
    Pointer memory = lite.lock(slot.buffer, LiteRt.READ);
    if (LiteRt.elementType(slot.type) == LiteRt.FLOAT32) {
      memory.read(0, values, 0, size);
    } else {
      int[] integers = memory.getIntArray(0, size);
      for (int i = 0; i < size; i++) {
        values[i] = integers[i];
      }
    }
    lite.call("LiteRtUnlockTensorBuffer", slot.buffer);
    return values;
  }

  private static int size(Slot slot) {
    int size = 1;
    for (int each : LiteRt.shape(slot.type)) {
      size *= each;
    }
    return size;
  }

  private static int[] shape(List<Slot> slots, String name) {
    for (Slot slot : slots) {
      if (slot.name.equals(name)) {
        return LiteRt.shape(slot.type);
      }
    }
    return null;
  }

  private static Memory pointers(List<Slot> slots) {
    Memory pointers = new Memory((long) Native.POINTER_SIZE * slots.size());
    for (int i = 0; i < slots.size(); i++) {
      pointers.setPointer((long) Native.POINTER_SIZE * i, slots.get(i).buffer);
    }
    return pointers;
  }
}
