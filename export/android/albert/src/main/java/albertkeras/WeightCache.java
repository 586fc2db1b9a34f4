package albertkeras;

import java.io.File;
import java.nio.ByteBuffer;

/**
 * The file in which LiteRT may keep a model's weights as it computes with them.
 *
 * <p>Without one LiteRT packs the block that the layers share anew for each of
 * them, in memory: 100 MB for ALBERT base in int8, 350 MB in float32. In a file
 * it stands once, and later starts only map it. LiteRT looks whether the file
 * is whole and fits its own version, but not whose weights it holds, so it is
 * called by what the model is made of; and it ends the process where the disk
 * is full, so there is no file without room for it.
 *
 * <pre>{@code
 * File cache = WeightCache.of(context.getCacheDir(), "reader", model);
 * String path = cache == null ? null : cache.getPath();
 * new CompiledModel.CpuOptions(null, null, path);
 * }</pre>
 */
public final class WeightCache {
  private static final String SUFFIX = ".weights";
  private static final int HEXADECIMAL_DIGITS = 64;
  // float16 is packed as float32, in 1.4 times the bytes of the file.
  private static final int ROOM = 2;

  private WeightCache() {}

  /**
   * The file for a model; those for other models of its name are deleted.
   *
   * @param folder where files may be deleted by others, as an app's cache
   * @param name of the model among others in the folder
   * @param model all of the .tflite
   * @return the file, which may not be there yet, or null if the folder is not
   *     there or has no room: for base 8 MB are used in int8, 31 in float32,
   *     and twice the size of the model has to be free
   */
  public static File of(File folder, String name, ByteBuffer model) {
    File found = new File(folder, name + "-" + Sha256.of(model) + SUFFIX);
    String[] others = folder.list();
    if (others != null) {
      for (String other : others) {
        if (isOf(name, other) && !other.equals(found.getName())) {
          new File(folder, other).delete();
        }
      }
    }
    long room = folder.getUsableSpace() + found.length();
    return room < (long) ROOM * model.capacity() ? null : found;
  }

  private static boolean isOf(String name, String file) {
    return file.startsWith(name + "-")
        && file.endsWith(SUFFIX)
        && file.length()
            == name.length() + 1 + HEXADECIMAL_DIGITS + SUFFIX.length();
  }
}
