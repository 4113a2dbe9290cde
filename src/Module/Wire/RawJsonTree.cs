using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Unicode;

namespace ArtifactSync.Wire;

/// <summary>
/// The values of a JSON text as a flat list in document order, so that nesting costs no stack; written back with the
/// members of every object sorted.
/// </summary>
internal sealed class RawJsonTree
{
    private readonly ReadOnlyMemory<byte> _text;
    private readonly List<Node> _nodes = [];
    private readonly Dictionary<int, byte[]> _decodedKeys = [];

    public RawJsonTree(ReadOnlyMemory<byte> text)
    {
        _text = text;
        var json = new JsonScanner(text.Span);
        try
        {
            Parse(ref json);
        }
        finally
        {
            json.Dispose();
        }
    }

    private enum Kind : byte
    {
        Verbatim,
        String,
        Key,
        Array,
        Object,
    }

    public void Write(CanonicalWriter writer)
    {
        var frames = new List<Frame>();
        int index = 0;
        do
        {
            Begin(writer, index, frames);
            while (frames.Count > 0 && !Advance(writer, ref CollectionsMarshal.AsSpan(frames)[^1], out index))
            {
                End(writer, frames);
            }
        }
        while (frames.Count > 0);
    }

    private void Parse(ref JsonScanner json)
    {
        ReadOnlySpan<byte> text = _text.Span;
        var open = new Stack<int>();
        do
        {
            Kind kind = Classify(json.Peek());
            int start = json.Position;
            if (kind == Kind.Object)
            {
                json.BeginObject();
                open.Push(Add(kind, start, 0));
            }
            else if (kind == Kind.Array)
            {
                json.BeginArray();
                open.Push(Add(kind, start, 0));
            }
            else
            {
                json.Scalar();
                Add(kind, start, json.Position - start);
            }

            while (open.Count > 0 && !NextChild(ref json, text, _nodes[open.Peek()].Kind == Kind.Object))
            {
                CollectionsMarshal.AsSpan(_nodes)[open.Pop()].Next = _nodes.Count;
            }
        }
        while (open.Count > 0);
    }

    private static Kind Classify(byte first) => first switch
    {
        (byte)'{' => Kind.Object,
        (byte)'[' => Kind.Array,
        (byte)'"' => Kind.String,
        _ => Kind.Verbatim,
    };

    private bool NextChild(ref JsonScanner json, ReadOnlySpan<byte> text, bool inObject)
    {
        if (!inObject)
        {
            return json.NextElement();
        }

        if (!json.NextMember(out ReadOnlySpan<byte> name, out bool escaped))
        {
            return false;
        }

        text.Overlaps(name, out int start);
        int key = Add(Kind.Key, start, name.Length);
        if (escaped || !Utf8.IsValid(name))
        {
            _decodedKeys[key] = Decode(escaped ? json.Unescape(name) : name);
        }

        return true;
    }

    private int Add(Kind kind, int start, int length)
    {
        WireLimit.Require(_nodes.Count < Limits.RawJsonValues, "values in one embedded JSON text", Limits.RawJsonValues);
        _nodes.Add(new Node { Kind = kind, Start = start, Length = length, Next = _nodes.Count + 1 });
        return _nodes.Count - 1;
    }

    private void Begin(CanonicalWriter writer, int index, List<Frame> frames)
    {
        Node node = _nodes[index];
        switch (node.Kind)
        {
            case Kind.Object:
                writer.BeginObject();
                frames.Add(new Frame { Keys = SortedKeys(index) });
                break;
            case Kind.Array:
                writer.BeginArray();
                frames.Add(new Frame { Next = index + 1, End = node.Next });
                break;
            case Kind.String:
                WriteString(writer, _text.Span.Slice(node.Start + 1, node.Length - 2));
                break;
            default:
                writer.Verbatim(_text.Span.Slice(node.Start, node.Length));
                break;
        }
    }

    private bool Advance(CanonicalWriter writer, ref Frame frame, out int index)
    {
        if (frame.Keys is null)
        {
            index = frame.Next;
            if (index == frame.End)
            {
                return false;
            }

            frame.Next = _nodes[index].Next;
            return true;
        }

        index = 0;
        if (frame.Next == frame.Keys.Length)
        {
            return false;
        }

        int key = frame.Keys[frame.Next++];
        writer.Utf8Name(Key(key));
        index = key + 1;
        return true;
    }

    private static void End(CanonicalWriter writer, List<Frame> frames)
    {
        if (frames[^1].Keys is null)
        {
            writer.EndArray();
        }
        else
        {
            writer.EndObject();
        }

        frames.RemoveAt(frames.Count - 1);
    }

    private int[] SortedKeys(int index)
    {
        var keys = new List<int>();
        for (int i = index + 1; i < _nodes[index].Next; i = _nodes[i + 1].Next)
        {
            keys.Add(i);
        }

        // Equal keys in document order, so that the last of them is the one to keep.
        keys.Sort((a, b) => Key(a).SequenceCompareTo(Key(b)) is var order and not 0 ? order : a.CompareTo(b));
        int kept = 0;
        for (int i = 0; i < keys.Count; i++)
        {
            if (i + 1 == keys.Count || !Key(keys[i]).SequenceEqual(Key(keys[i + 1])))
            {
                keys[kept++] = keys[i];
            }
        }

        return [.. CollectionsMarshal.AsSpan(keys)[..kept]];
    }

    private ReadOnlySpan<byte> Key(int index) =>
        _decodedKeys.TryGetValue(index, out byte[]? decoded) ? decoded : _text.Span.Slice(_nodes[index].Start, _nodes[index].Length);

    private static void WriteString(CanonicalWriter writer, ReadOnlySpan<byte> body)
    {
        byte[]? scratch = null;
        if (body.Contains((byte)'\\'))
        {
            scratch = ArrayPool<byte>.Shared.Rent(body.Length);
            body = scratch.AsSpan(0, Utf8Text.Unescape(body, scratch));
        }

        if (Utf8.IsValid(body))
        {
            writer.Utf8Value(body);
        }
        else
        {
            writer.Value(Utf8Text.Decode(body));
        }

        if (scratch is not null)
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private static byte[] Decode(ReadOnlySpan<byte> text) => System.Text.Encoding.UTF8.GetBytes(Utf8Text.Decode(text));

    private struct Node
    {
        public Kind Kind;
        public int Start;
        public int Length;

        /// <summary>Index behind the value and all that is in it.</summary>
        public int Next;
    }

    private struct Frame
    {
        /// <summary>Null for an array.</summary>
        public int[]? Keys;
        public int Next;
        public int End;
    }
}
