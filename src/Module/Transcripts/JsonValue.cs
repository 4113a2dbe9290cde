using System.Buffers.Text;
using System.Text.Json;

namespace ArtifactSync.Transcripts;

/// <summary>
/// A view of one JSON value inside a line: a span and nothing else. Navigation scans the span again; a line was checked
/// as a whole before the first view of it was made (<see cref="TryParse"/>), so scanning can't fail.
/// </summary>
internal readonly ref struct JsonValue
{
    /// <summary>Far above what agents write; the reader keeps one bit a level.</summary>
    public const int MaxDepth = 1000;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth };

    private JsonValue(ReadOnlySpan<byte> raw) => Raw = raw;

    /// <summary>The bytes of the value as they stand in the line; empty = there is no such value.</summary>
    public ReadOnlySpan<byte> Raw { get; }

    public bool Exists => !Raw.IsEmpty;
    public bool IsObject => Exists && Raw[0] == '{';
    public bool IsArray => Exists && Raw[0] == '[';
    public bool IsString => Exists && Raw[0] == '"';
    public bool IsTrue => Exists && Raw[0] == 't';

    /// <summary>The inside of a string, escapes and all; empty for other kinds.</summary>
    public ReadOnlySpan<byte> Inner => IsString ? Raw[1..^1] : default;

    /// <summary>Checks that the bytes are exactly one JSON value of bearable depth.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, out JsonValue value)
    {
        value = default;
        var reader = new Utf8JsonReader(json, Options);
        try
        {
            if (!reader.Read())
            {
                return false;
            }

            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            int end = (int)reader.BytesConsumed;
            while (reader.Read())
            {
            }

            value = new JsonValue(json[start..end]);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>JSON that was embedded in a string of a line.</summary>
    public static JsonValue ParseOrNone(ReadOnlySpan<byte> json) => TryParse(json, out JsonValue value) ? value : default;

    /// <summary>The text of a string; empty for every other kind.</summary>
    public string Text() => IsString ? JsonText.Decode(Raw[1..^1]) : "";

    /// <summary>The text of a string, else the JSON text of the value; empty for null and nothing.</summary>
    public string TextOrRaw() => IsString ? Text() : Exists && Raw[0] != 'n' ? RawText() : "";

    /// <summary>The JSON text of the value, unchanged.</summary>
    public string RawText() => System.Text.Encoding.UTF8.GetString(Raw);

    /// <summary>Whether this is a string with exactly this text; escapes are not looked into, names of types have none.</summary>
    public bool Is(ReadOnlySpan<byte> text) => IsString && Raw[1..^1].SequenceEqual(text);

    /// <summary>An integer; a fraction is cut off; 0 for everything else and beyond Int64.</summary>
    public long Integer()
    {
        if (!Exists || !(Raw[0] == '-' || char.IsAsciiDigit((char)Raw[0])))
        {
            return 0;
        }

        if (Utf8Parser.TryParse(Raw, out long integer, out int used) && used == Raw.Length)
        {
            return integer;
        }

        return Utf8Parser.TryParse(Raw, out double number, out used) && used == Raw.Length && Math.Abs(number) < 9e18 ? (long)number : 0;
    }

    /// <summary>The first member of that name; nothing when this is no object.</summary>
    public JsonValue this[ReadOnlySpan<byte> name]
    {
        get
        {
            if (!IsObject)
            {
                return default;
            }

            var reader = new Utf8JsonReader(Raw, Options);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool found = reader.ValueTextEquals(name);
                JsonValue value = Next(ref reader, Raw);
                if (found)
                {
                    return value;
                }
            }

            return default;
        }
    }

    /// <summary>
    /// The members of a line nobody has checked yet. Enumerating it to the end checks it;
    /// a fault is a <see cref="JsonException"/>.
    /// </summary>
    public static Members EnumerateUnchecked(ReadOnlySpan<byte> line) => new(line);

    public Members EnumerateMembers() => new(IsObject ? Raw : "{}"u8);

    public Elements EnumerateElements() => new(IsArray ? Raw : "[]"u8);

    private static JsonValue Next(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> source)
    {
        reader.Read();
        return Current(ref reader, source);
    }

    private static JsonValue Current(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> source)
    {
        int start = (int)reader.TokenStartIndex;
        reader.Skip();
        return new JsonValue(source[start..(int)reader.BytesConsumed]);
    }

    /// <summary>The members of an object in their order.</summary>
    internal ref struct Members
    {
        private readonly ReadOnlySpan<byte> _source;
        private Utf8JsonReader _reader;

        internal Members(ReadOnlySpan<byte> source)
        {
            _source = source;
            _reader = new Utf8JsonReader(source, Options);
            if (!_reader.Read() || _reader.TokenType != JsonTokenType.StartObject)
            {
                throw new JsonException("A line must be an object.");
            }
        }

        /// <summary>The name without quotes, escapes and all.</summary>
        public ReadOnlySpan<byte> Name { get; private set; }

        public JsonValue Current { get; private set; }

        public bool MoveNext()
        {
            if (!_reader.Read() || _reader.TokenType != JsonTokenType.PropertyName)
            {
                // Sees to it that nothing follows: this may be the first look at a line.
                _reader.Read();
                return false;
            }

            Name = _reader.ValueSpan;
            Current = Next(ref _reader, _source);
            return true;
        }
    }

    /// <summary>The elements of an array in their order.</summary>
    internal ref struct Elements
    {
        private readonly ReadOnlySpan<byte> _source;
        private Utf8JsonReader _reader;

        internal Elements(ReadOnlySpan<byte> source)
        {
            _source = source;
            _reader = new Utf8JsonReader(source, Options);
            _reader.Read();
        }

        public JsonValue Current { get; private set; }

        public readonly Elements GetEnumerator() => this;

        public bool MoveNext()
        {
            if (!_reader.Read() || _reader.TokenType == JsonTokenType.EndArray)
            {
                return false;
            }

            Current = JsonValue.Current(ref _reader, _source);
            return true;
        }
    }
}
