package albertkeras.jvm.text;

import albertkeras.WeightCache;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;

/**
 * Says in which file the weights of a model are kept, or null: FOLDER NAME
 * MODEL.
 */
public final class WeightCacheProcess {
  private WeightCacheProcess() {}

  public static void main(String[] arguments) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(arguments[2], "r")) {
      FileChannel channel = file.getChannel();
      File found =
          WeightCache.of(
              new File(arguments[0]),
              arguments[1],
              channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()));
      System.out.println(found);
    }
  }
}
