package albertkeras.app

import albertkeras.AlbertException
import albertkeras.AlbertTokenizer
import albertkeras.FillMask
import albertkeras.IdsModel
import albertkeras.QuestionAnswerer
import albertkeras.TextClassifier
import albertkeras.TextOptions
import java.io.IOException
import java.io.InputStream

/**
 * The three tasks of the screen, each as lines to show.
 *
 * A model is opened when it is first asked.
 *
 * @param open opens an asset
 * @param model opens a .tflite among the assets
 */
class Tasks(
    private val open: (String) -> InputStream,
    private val model: (String) -> IdsModel
) {
    private val tokenizer by lazy {
        AlbertTokenizer.load(asset(VOCABULARY), TextOptions.DEFAULT)
    }
    private val fillMask by lazy { FillMask(modelOf(FILL_MASK), tokenizer) }
    private val reader by lazy { QuestionAnswerer(modelOf(READER), tokenizer) }
    private val labels by lazy { asset(LABELS).bufferedReader().use { it.readLines() } }
    private val classifier by lazy {
        TextClassifier(modelOf(CLASSIFIER), tokenizer, *labels.toTypedArray())
    }

    fun fill(text: String): List<String> =
        fillMask.fill(text, GUESSES).flatten().map { guess ->
            "${percent(guess.score)}  ${guess.sequence}"
        }

    fun classify(text: String): List<String> {
        val scores = classifier.classify(text).scores
        return labels.indices.sortedByDescending { scores[it] }.map {
            "${percent(scores[it])}  ${labels[it]}"
        }
    }

    fun answer(question: String, passage: String): List<String> {
        val found = reader.answer(question, passage)
        // Of a model with head "v1" the odds are NaN: it always answers.
        val none = if (found.nullOdds > 0) listOf("Rather no answer.") else emptyList()
        return none + found.answers.take(GUESSES).map { answer ->
            "${percent(answer.probability.toFloat())}  ${answer.text}"
        }
    }

    private fun modelOf(name: String): IdsModel {
        asset(name).close() // says in a sentence that it is not there
        return model(name)
    }

    private fun asset(name: String): InputStream = try {
        open(name)
    } catch (error: IOException) {
        throw AlbertException("The app must have the asset $name. Received: none.", error)
    }

    private fun percent(score: Float) = "%5.1f %%".format(100 * score)

    private companion object {
        const val VOCABULARY = "spiece.model"
        const val FILL_MASK = "fill_mask.tflite"
        const val CLASSIFIER = "classifier.tflite"
        const val LABELS = "labels.txt"
        const val READER = "reader.tflite"
        const val GUESSES = 5
    }
}
