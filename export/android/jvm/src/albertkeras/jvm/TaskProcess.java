package albertkeras.jvm;

import albertkeras.AlbertException;
import albertkeras.AlbertTokenizer;
import albertkeras.Answer;
import albertkeras.Entity;
import albertkeras.FillMask;
import albertkeras.QuestionAnswerer;
import albertkeras.Tagger;
import albertkeras.TextClassifier;
import albertkeras.TextOptions;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Runs a task on texts from standard input.
 *
 * <p>Arguments: `libLiteRt.so`, a .tflite, a `spiece.model`, a task (`fill`,
 * `classify`, `answer` or `tag`) and the labels. A request is rows of one: the
 * number of its strings, each UTF-8 behind its length. An answer is the number
 * of its rows, and each likewise; or -1 and a row with a sentence.
 */
public final class TaskProcess {
  private static final Charset UTF8 = Charset.forName("UTF-8");
  private static final int TOP_K = 5;

  private final List<String[]> rows = new ArrayList<String[]>();

  private TaskProcess() {}

  /** A task, ready to be asked. */
  private interface Task {
    void run(String[] texts);
  }

  public static void main(String[] arguments) throws IOException {
    DataInputStream in = new DataInputStream(System.in);
    DataOutputStream out = new DataOutputStream(System.out);
    TaskProcess process = new TaskProcess();
    try (LiteRtModel model = new LiteRtModel(arguments[0], arguments[1])) {
      byte[] vocabulary = read(arguments[2]);
      AlbertTokenizer tokenizer =
          model.contents.hasVocabulary()
              ? model.contents.tokenizer(vocabulary)
              : new AlbertTokenizer(vocabulary, TextOptions.DEFAULT);
      String[] labels = Arrays.copyOfRange(arguments, 4, arguments.length);
      Task task = process.taskOf(arguments[3], model, tokenizer, labels);
      process.answer(out);
      for (int count = in.readInt(); count > 0; count = in.readInt()) {
        String[] texts = new String[count];
        for (int i = 0; i < count; i++) {
          byte[] bytes = new byte[in.readInt()];
          in.readFully(bytes);
          texts[i] = new String(bytes, UTF8);
        }
        try {
          task.run(texts);
          process.answer(out);
        } catch (AlbertException error) {
          process.refuse(error, out);
        }
      }
    } catch (AlbertException error) {
      process.refuse(error, out);
    }
  }

  private Task taskOf(
      String name,
      LiteRtModel model,
      AlbertTokenizer tokenizer,
      String[] labels) {
    switch (name) {
      case "fill":
        FillMask fillMask = new FillMask(model, tokenizer);
        return texts -> fill(fillMask, texts[0]);
      case "classify":
        TextClassifier classifier =
            new TextClassifier(model, tokenizer, labelsOf(model, labels));
        return texts -> classify(classifier, texts);
      case "answer":
        QuestionAnswerer reader = new QuestionAnswerer(model, tokenizer);
        return texts -> answer(reader, texts[0], texts[1]);
      case "tag":
        Tagger tagger = new Tagger(model, tokenizer, labelsOf(model, labels));
        return texts -> tag(tagger, texts[0]);
      default:
        throw new IllegalArgumentException(name);
    }
  }

  /** The labels that were given, or those that the model has. */
  private static String[] labelsOf(LiteRtModel model, String[] labels) {
    return labels.length > 0 ? labels : model.contents.labels();
  }

  private void fill(FillMask fillMask, String text) {
    int mask = 0;
    for (List<FillMask.Guess> guesses : fillMask.fill(text, TOP_K)) {
      for (FillMask.Guess guess : guesses) {
        add(mask, guess.token, guess.piece, guess.score, guess.sequence);
      }
      mask++;
    }
  }

  private void classify(TextClassifier classifier, String[] texts) {
    TextClassifier.Classes classes =
        texts.length > 1
            ? classifier.classify(texts[0], texts[1])
            : classifier.classify(texts[0]);
    add(classes.label);
    for (float score : classes.scores) {
      add(score);
    }
  }

  private void answer(
      QuestionAnswerer reader, String question, String context) {
    QuestionAnswerer.Answers found = reader.answer(question, context);
    add(found.nullOdds);
    for (Answer each : found.answers) {
      add(
          each.text,
          context.codePointCount(0, each.start),
          context.codePointCount(0, each.end),
          each.probability,
          each.startScore,
          each.endScore);
    }
  }

  private void tag(Tagger tagger, String text) {
    Tagger.Tags tags = tagger.tag(text);
    for (int i = 0; i < tags.labels.length; i++) {
      add(
          text.substring(tags.starts[i], tags.ends[i]),
          tags.labels[i],
          tags.scores[i]);
    }
    for (Entity entity : Entity.of(tags.labels)) {
      add(entity.type, entity.begin, entity.end, tags.textOf(entity));
    }
  }

  private void add(Object... row) {
    String[] words = new String[row.length];
    for (int i = 0; i < row.length; i++) {
      words[i] = String.valueOf(row[i]);
    }
    rows.add(words);
  }

  private void answer(DataOutputStream out) throws IOException {
    out.writeInt(rows.size());
    for (String[] row : rows) {
      write(row, out);
    }
    rows.clear();
    out.flush();
  }

  private void refuse(AlbertException error, DataOutputStream out)
      throws IOException {
    rows.clear();
    out.writeInt(-1);
    write(new String[] {error.getMessage()}, out);
    out.flush();
  }

  private static byte[] read(String path) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path, "r")) {
      byte[] content = new byte[(int) file.length()];
      file.readFully(content);
      return content;
    }
  }

  private static void write(String[] row, DataOutputStream out)
      throws IOException {
    out.writeInt(row.length);
    for (String word : row) {
      byte[] bytes = word.getBytes(UTF8);
      out.writeInt(bytes.length);
      out.write(bytes);
    }
  }
}
