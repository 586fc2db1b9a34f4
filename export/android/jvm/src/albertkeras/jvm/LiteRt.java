package albertkeras.jvm;

import albertkeras.AlbertException;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;

/**
 * The functions of LiteRT's C library (`litert/c` of LiteRT) that it takes to
 * run a model; sizes are those of 64 bits.
 */
final class LiteRt {
  static final int CPU = 1; // kLiteRtHwAcceleratorCpu
  static final int FLOAT32 = 1; // kLiteRtElementTypeFloat32
  static final int READ = 0; // kLiteRtTensorBufferLockModeRead
  static final int WRITE = 1; // kLiteRtTensorBufferLockModeWrite

  private static final int TENSOR_TYPE_BYTES = 72;

  private final NativeLibrary library;

  /** @param path of `libLiteRt.so` */
  LiteRt(String path) {
    library = NativeLibrary.getInstance(path);
  }

  /** Calls a function that returns a status. */
  void call(String function, Object... arguments) {
    int status = library.getFunction(function).invokeInt(arguments);
    if (status != 0) {
      throw new AlbertException(
          "LiteRT must run the model. Received: status "
              + status
              + " of "
              + function
              + ".");
    }
  }

  /** Calls a function that returns nothing. */
  void destroy(String function, Pointer pointer) {
    if (pointer != null) {
      library.getFunction(function).invokeVoid(new Object[] {pointer});
    }
  }

  /** What a function writes to its last argument. */
  Pointer get(String function, Object... arguments) {
    PointerByReference result = new PointerByReference();
    call(function, with(arguments, result));
    return result.getValue();
  }

  /** Likewise, a `size_t`. */
  long count(String function, Object... arguments) {
    LongByReference result = new LongByReference();
    call(function, with(arguments, result));
    return result.getValue();
  }

  /** Likewise, a C string. */
  String text(String function, Object... arguments) {
    return get(function, arguments).getString(0, "UTF-8");
  }

  /** The memory of a tensor buffer, until that is unlocked. */
  Pointer lock(Pointer buffer, int mode) {
    PointerByReference memory = new PointerByReference();
    call("LiteRtLockTensorBuffer", buffer, memory, mode);
    return memory.getValue();
  }

  /** A tensor's `LiteRtRankedTensorType`. */
  Memory typeOf(Pointer tensor) {
    Memory type = new Memory(TENSOR_TYPE_BYTES);
    type.clear();
    call("LiteRtGetRankedTensorType", tensor, type);
    return type;
  }

  static int elementType(Memory type) {
    return type.getInt(0);
  }

  static int[] shape(Memory type) {
    return type.getIntArray(8, type.getInt(4) & 0x7f);
  }

  private static Object[] with(Object[] arguments, Object last) {
    Object[] all = java.util.Arrays.copyOf(arguments, arguments.length + 1);
    all[arguments.length] = last;
    return all;
  }
}
