using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace ArtifactSync.Bench.Data;

/// <summary>
/// Sessions of Claude Code as they look in life: prompts, thinking, answers, calls with their inputs, results of 0.5-8 KB,
/// token counts. The same seed gives the same bytes. A session has about 105 KB.
/// </summary>
internal sealed class TranscriptGenerator(int seed)
{
    private const int TurnsASession = 6;
    private static readonly DateTime Start = new(2026, 1, 5, 8, 0, 0, DateTimeKind.Utc);
    private static readonly JsonWriterOptions Options =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private readonly string[] _words = Vocabulary(seed);

    /// <summary>Writes so many sessions below a folder, spread over projects; returns the bytes written.</summary>
    public long Write(string folder, int sessions)
    {
        long bytes = 0;
        for (int i = 0; i < sessions; i++)
        {
            string project = Path.Combine(folder, $"-home-dev-code-project-{i % 40}");
            Directory.CreateDirectory(project);
            string id = SessionId(i);
            bytes += WriteSession(Path.Combine(project, id + ".jsonl"), i, TurnsASession);
        }

        return bytes;
    }

    public string SessionId(int index) => string.Create(CultureInfo.InvariantCulture, $"{seed:x8}-0000-4000-8000-{index:x12}");

    /// <summary>Writes one session of so many turns, replacing the file.</summary>
    public long WriteSession(string path, int index, int turns)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16);
        return Turns(file, index, 0, turns);
    }

    /// <summary>Adds turns to a session that has some.</summary>
    public long AppendSession(string path, int index, int fromTurn, int turns)
    {
        using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.None, 1 << 16);
        return Turns(file, index, fromTurn, turns);
    }

    private long Turns(Stream file, int index, int from, int count)
    {
        long before = file.Position;
        using var json = new Utf8JsonWriter(file, Options);
        var session = new Session(this, json, file, index);
        for (int turn = from; turn < from + count; turn++)
        {
            session.Turn(turn);
        }

        json.Flush();
        return file.Position - before;
    }

    private static string[] Vocabulary(int seed)
    {
        var random = new Random(seed);
        string[] syllables = ["ka", "ro", "ti", "men", "sol", "ver", "an", "do", "qui", "lex", "par", "tor", "um", "bra", "ne", "ski", "für", "é"];
        return [.. Enumerable.Range(0, 4000).Select(_ => string.Concat(random.GetItems(syllables, random.Next(1, 5))))];
    }

    private sealed class Session(TranscriptGenerator owner, Utf8JsonWriter json, Stream file, int index)
    {
        private readonly string _id = owner.SessionId(index);
        private Random _random = new(0);
        private DateTime _time;
        private string? _parent;
        private int _line;

        public void Turn(int turn)
        {
            // Each turn has its own dice, so that a session that grew has the bytes of one that was written at once.
            _random = new Random(unchecked((owner.SeedOf(index) * 8191) + turn));
            _time = Start.AddMinutes((index * 7) + (turn * 11));
            _line = turn * 16;
            _parent = turn == 0 ? null : Uuid((turn * 16) - 1);
            User(Prose(80, 600));
            int calls = _random.Next(1, 4);
            for (int call = 0; call < calls; call++)
            {
                string message = $"msg_{index:x}_{turn:x}_{call:x}", tool = $"toolu_{index:x}_{turn:x}_{call:x}";
                if (call == 0)
                {
                    Assistant(message, Thinking);
                }

                Assistant(message, b => Text(b, 700));
                Assistant(message, b => ToolUse(b, tool));
                Result(tool, Output(500, 8000));
            }

            _line = (turn * 16) + 15;
            Assistant($"msg_{index:x}_{turn:x}_end", b => Text(b, 1500), "end_turn");
        }

        private void Thinking(Utf8JsonWriter b)
        {
            b.WriteString("type", "thinking");
            b.WriteString("thinking", Prose(200, 1400));
            b.WriteString("signature", Prose(80, 120));
        }

        private void Text(Utf8JsonWriter b, int most)
        {
            b.WriteString("type", "text");
            b.WriteString("text", Prose(60, most));
        }

        private void ToolUse(Utf8JsonWriter b, string id)
        {
            b.WriteString("type", "tool_use");
            b.WriteString("id", id);
            string path = $"/home/dev/code/project-{index % 40}/src/{Word()}/{Word()}.ts";
            switch (_random.Next(4))
            {
                case 0:
                    b.WriteString("name", "Read");
                    b.WriteStartObject("input");
                    b.WriteString("file_path", path);
                    break;
                case 1:
                    b.WriteString("name", "Edit");
                    b.WriteStartObject("input");
                    b.WriteString("file_path", path);
                    b.WriteString("old_string", Output(80, 900));
                    b.WriteString("new_string", Output(80, 1100));
                    break;
                case 2:
                    b.WriteString("name", "Grep");
                    b.WriteStartObject("input");
                    b.WriteString("pattern", Word());
                    b.WriteString("path", "/home/dev/code");
                    break;
                default:
                    b.WriteString("name", "Bash");
                    b.WriteStartObject("input");
                    b.WriteString("command", "npm test -- --grep '" + Word() + "' && git diff | head -50");
                    b.WriteString("description", Prose(20, 60));
                    break;
            }

            b.WriteEndObject();
        }

        private void User(string text)
        {
            Begin("user");
            json.WriteStartObject("message");
            json.WriteString("role", "user");
            json.WriteString("content", text);
            json.WriteEndObject();
            End();
        }

        private void Result(string tool, string text)
        {
            Begin("user");
            json.WriteStartObject("message");
            json.WriteString("role", "user");
            json.WriteStartArray("content");
            json.WriteStartObject();
            json.WriteString("tool_use_id", tool);
            json.WriteString("type", "tool_result");
            json.WriteString("content", text);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
            End();
        }

        private void Assistant(string id, Action<Utf8JsonWriter> block, string? stop = null)
        {
            Begin("assistant");
            json.WriteString("requestId", "req" + id[3..]);
            json.WriteStartObject("message");
            json.WriteString("id", id);
            json.WriteString("type", "message");
            json.WriteString("role", "assistant");
            json.WriteString("model", "claude-sonnet-4-20250514");
            json.WriteStartArray("content");
            json.WriteStartObject();
            block(json);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteString("stop_reason", stop);
            json.WriteStartObject("usage");
            json.WriteNumber("input_tokens", _random.Next(4, 2000));
            json.WriteNumber("cache_creation_input_tokens", _random.Next(0, 4000));
            json.WriteNumber("cache_read_input_tokens", _random.Next(0, 90000));
            json.WriteNumber("output_tokens", _random.Next(1, 3000));
            json.WriteString("service_tier", "standard");
            json.WriteEndObject();
            json.WriteEndObject();
            End();
        }

        private void Begin(string type)
        {
            _time = _time.AddMilliseconds(_random.Next(200, 30000));
            json.WriteStartObject();
            json.WriteString("parentUuid", _parent);
            json.WriteBoolean("isSidechain", false);
            json.WriteString("userType", "external");
            json.WriteString("cwd", $"/home/dev/code/project-{index % 40}");
            json.WriteString("sessionId", _id);
            json.WriteString("version", "2.1.9");
            json.WriteString("gitBranch", "main");
            json.WriteString("type", type);
        }

        private void End()
        {
            _parent = Uuid(_line++);
            json.WriteString("uuid", _parent);
            json.WriteString("timestamp", _time.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            json.WriteEndObject();
            json.Flush();
            json.Reset();
            file.WriteByte((byte)'\n');
        }

        private string Uuid(int line) =>
            string.Create(CultureInfo.InvariantCulture, $"{index:x8}-{line:x4}-4000-8000-{owner.SeedOf(index):x12}");

        private string Word() => owner._words[(int)(Math.Pow(_random.NextDouble(), 2) * owner._words.Length)];

        private string Prose(int least, int most)
        {
            int length = _random.Next(least, most);
            var text = new StringBuilder(length + 16);
            while (text.Length < length)
            {
                text.Append(Word()).Append(_random.Next(14) switch { 0 => ".\n", 1 => ", ", 2 => " `" + Word() + "()` ", _ => " " });
            }

            return text.ToString();
        }

        /// <summary>Code and logs: short lines, indents, quotes.</summary>
        private string Output(int least, int most)
        {
            int length = _random.Next(least, most);
            var text = new StringBuilder(length + 64);
            for (int line = 1; text.Length < length; line++)
            {
                string indent = new(' ', _random.Next(3) * 2);
                text.Append(CultureInfo.InvariantCulture, $"{line,5}\t{indent}const {Word()} = {Word()}.{Word()}(\"{Word()}\", {_random.Next(1000)});\n");
            }

            return text.ToString();
        }
    }

    private int SeedOf(int index) => unchecked((seed * 31) + index);
}
