package albertkeras.app

import albertkeras.AlbertException
import android.app.Activity
import android.os.Bundle
import android.view.View
import android.widget.Button
import android.widget.EditText
import android.widget.RadioGroup
import android.widget.TextView
import java.util.concurrent.Executors

/** One screen: a task, a text, for answers a question, and what comes out. */
class MainActivity : Activity() {
    // LiteRT's objects live on one thread, which is not the screen's.
    private val worker = Executors.newSingleThreadExecutor()
    private val models = ArrayList<LiteRtIdsModel>()
    private lateinit var tasks: Tasks

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        setContentView(R.layout.main)
        tasks = Tasks { name ->
            val model = LiteRtIdsModel(assets, name, cacheDir)
            models.add(model)
            OpenModel(model, model.contents)
        }
        val task = findViewById<RadioGroup>(R.id.task)
        val text = findViewById<EditText>(R.id.text)
        val question = findViewById<EditText>(R.id.question)
        val result = findViewById<TextView>(R.id.result)
        val run = findViewById<Button>(R.id.run)
        task.setOnCheckedChangeListener { _, id ->
            question.visibility =
                if (id == R.id.answer) View.VISIBLE else View.GONE
        }
        run.setOnClickListener {
            val id = task.checkedRadioButtonId
            val given = text.text.toString()
            val asked = question.text.toString()
            run.isEnabled = false
            result.setText(R.string.running)
            worker.execute {
                val lines = lines(id, given, asked)
                runOnUiThread {
                    result.text = lines.joinToString("\n")
                    run.isEnabled = true
                }
            }
        }
    }

    override fun onDestroy() {
        worker.execute { models.forEach(LiteRtIdsModel::close) }
        worker.shutdown()
        super.onDestroy()
    }

    private fun lines(
        task: Int,
        text: String,
        question: String
    ): List<String> = try {
        when (task) {
            R.id.classify -> tasks.classify(text)
            R.id.answer -> tasks.answer(question, text)
            else -> tasks.fill(text)
        }
    } catch (error: AlbertException) {
        listOf(error.message.orEmpty())
    }
}
