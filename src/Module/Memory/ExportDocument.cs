using System.Buffers;
using System.Text;
using System.Text.Json;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Memory;

/// <summary>
/// A JSON export (memory spec 2), or the same three lists in a chunk, read from a stream row by row: a first pass checks the whole
/// document and finds its lists, so that they are read in their order whatever the order of the members; memory is that of a row.
/// </summary>
internal sealed class ExportDocument
{
    /// <summary>Bytes of one row.</summary>
    public const int RowBytes = Limits.RecordBytes;
    private const int ReadBytes = 256 * 1024;
    private static readonly JsonReaderOptions s_options = new() { MaxDepth = 1000 };
    private static readonly string[] s_lists = ["sessions", "observations", "prompts", "mutations"];

    private readonly Stream _stream;
    private readonly string _name;
    private readonly long[] _starts = [-1, -1, -1, -1];

    private ExportDocument(Stream stream, string name) => (_stream, _name) = (stream, name);

    /// <summary>The version that the document states; null or blank when it states none.</summary>
    public string? Version { get; private set; }

    /// <param name="stream">Read from its beginning; must be able to seek.</param>
    /// <param name="name">For messages.</param>
    /// <exception cref="ArtifactSyncException">MemoryDocumentInvalid.</exception>
    public static ExportDocument Open(Stream stream, string name, CancellationToken cancellationToken)
    {
        var document = new ExportDocument(stream, name);
        document.Scan(cancellationToken);
        return document;
    }

    public IEnumerable<RowFields> Sessions() => Rows(0, RowShape.Session);

    public IEnumerable<RowFields> Observations() => Rows(1, RowShape.Observation);

    public IEnumerable<RowFields> Prompts() => Rows(2, RowShape.Prompt);

    /// <summary>Of a chunk only.</summary>
    public IEnumerable<RowFields> Mutations() => Rows(3, RowShape.Mutation);

    private IEnumerable<RowFields> Rows(int list, RowShape shape)
    {
        if (_starts[list] < 0)
        {
            yield break;
        }

        _stream.Position = _starts[list];
        using var window = new Window(_stream, _name);
        JsonReaderState? state = null;
        while (NextElement(window, ref state, out var element))
        {
            yield return Parse(shape, element.Span);
        }
    }

    private RowFields Parse(RowShape shape, ReadOnlySpan<byte> element)
    {
        var json = new JsonScanner(element);
        try
        {
            return shape.Read(ref json);
        }
        catch (ArtifactSyncException e) when (e.Code == ErrorCode.DocumentInvalid)
        {
            throw Invalid(e.Message);
        }
        finally
        {
            json.Dispose();
        }
    }

    /// <summary>The bytes of the next element of the array that the window stands in; valid until the next call.</summary>
    private bool NextElement(Window window, ref JsonReaderState? state, out ReadOnlyMemory<byte> element)
    {
        element = default;
        while (true)
        {
            var reader = new Utf8JsonReader(window.Span, window.IsLast, state ?? new JsonReaderState(s_options));
            try
            {
                if (Step(ref reader, isStart: state is null, out var start))
                {
                    if (start < 0)
                    {
                        return false;
                    }

                    element = window.Memory[start..(int)reader.BytesConsumed];
                    window.Consume((int)reader.BytesConsumed);
                    state = reader.CurrentState;
                    return true;
                }
            }
            catch (JsonException e)
            {
                throw Invalid(e.Message);
            }

            window.Fill();
        }
    }

    // False: more bytes are needed. A start below 0 means that the array ended.
    private static bool Step(ref Utf8JsonReader reader, bool isStart, out int start)
    {
        start = -1;
        if ((isStart && !reader.Read()) || !reader.Read())
        {
            return false;
        }

        if (reader.TokenType == JsonTokenType.EndArray && reader.CurrentDepth == 0)
        {
            return true;
        }

        start = (int)reader.TokenStartIndex;
        return reader.TrySkip();
    }

    private void Scan(CancellationToken cancellationToken)
    {
        _stream.Position = 0;
        using var window = new Window(_stream, _name);
        var state = new JsonReaderState(s_options);
        var member = -1;
        var (isFirst, isDone) = (true, false);
        while (!isDone)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var reader = new Utf8JsonReader(window.Span, window.IsLast, state);
            try
            {
                while (reader.Read())
                {
                    RequireObject(ref isFirst, reader.TokenType);
                    member = Note(ref reader, member, window.Position);
                }
            }
            catch (JsonException e)
            {
                throw Invalid(e.Message);
            }

            window.Consume((int)reader.BytesConsumed);
            state = reader.CurrentState;
            isDone = window.IsLast;
            window.Fill();
        }

        if (isFirst)
        {
            throw Invalid("It is empty.");
        }
    }

    private void RequireObject(ref bool isFirst, JsonTokenType token)
    {
        if (isFirst && token is not (JsonTokenType.StartObject or JsonTokenType.Null))
        {
            throw Invalid("It is not an object.");
        }

        isFirst = false;
    }

    // Members of the document itself: the last of one name counts. Letter case does not matter.
    private int Note(ref Utf8JsonReader reader, int member, long position)
    {
        if (reader.CurrentDepth != 1)
        {
            return member;
        }

        if (reader.TokenType == JsonTokenType.PropertyName)
        {
            return MemberIndex(reader.ValueSpan);
        }

        if (member == s_lists.Length && reader.TokenType != JsonTokenType.Null)
        {
            Version = reader.TokenType == JsonTokenType.String ? Utf8Text.Decode(reader.ValueSpan)
                : throw Invalid("Its version is not text.");
        }
        else if (member >= 0 && member < s_lists.Length && reader.TokenType is not (JsonTokenType.EndArray or JsonTokenType.EndObject))
        {
            _starts[member] = reader.TokenType switch
            {
                JsonTokenType.StartArray => position + reader.TokenStartIndex,
                JsonTokenType.Null => -1,
                _ => throw Invalid($"Its '{s_lists[member]}' is not a list."),
            };
        }

        return -1;
    }

    private static int MemberIndex(ReadOnlySpan<byte> name)
    {
        if (Ascii.EqualsIgnoreCase(name, "version"u8))
        {
            return s_lists.Length;
        }

        for (var i = 0; i < s_lists.Length; i++)
        {
            if (Ascii.EqualsIgnoreCase(name, s_lists[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private ArtifactSyncException Invalid(string why) => new(
        ErrorCode.MemoryDocumentInvalid, $"'{_name}' is not an export of a memory store: {why} Nothing of it was imported.", _name);

    /// <summary>A part of a stream that grows until what is read in it is complete.</summary>
    private sealed class Window(Stream stream, string name) : IDisposable
    {
        private byte[] _buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        private int _start;
        private int _end;

        /// <summary>Where in the stream the span begins.</summary>
        public long Position { get; private set; } = stream.Position;

        /// <summary>Nothing follows what is in the window.</summary>
        public bool IsLast { get; private set; }

        public ReadOnlySpan<byte> Span => _buffer.AsSpan(_start, _end - _start);

        public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(_start, _end - _start);

        public void Consume(int bytes) => (_start, Position) = (_start + bytes, Position + bytes);

        /// <summary>Reads more behind what is there.</summary>
        public void Fill()
        {
            if (_start > 0)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                (_start, _end) = (0, _end - _start);
            }

            if (_end == _buffer.Length)
            {
                Grow();
            }

            var read = stream.Read(_buffer, _end, _buffer.Length - _end);
            _end += read;
            IsLast = read == 0;
        }

        public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

        private void Grow()
        {
            if (_buffer.Length >= RowBytes)
            {
                throw new ArtifactSyncException(
                    ErrorCode.MemoryDocumentInvalid,
                    $"'{name}' has a row of more than {RowBytes >> 20} MiB. Nothing of it was imported.", name);
            }

            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }
}
