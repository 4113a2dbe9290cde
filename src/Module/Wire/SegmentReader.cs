using System.Buffers;
using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>
/// The lines of a segment, one at a time, in a buffer that grows with the longest line only. The stream bounds the total.
/// </summary>
internal sealed class LineReader(Stream stream) : IDisposable
{
    private const int InitialSize = 64 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(InitialSize);
    private int _start;
    private int _end;
    private int _length;

    /// <summary>The current line with its LF, which only the last one may lack.</summary>
    public ReadOnlySpan<byte> Line => _buffer.AsSpan(_start, _length);

    public bool Next()
    {
        _start += _length;
        _length = 0;
        int searched = _start;
        while (true)
        {
            int lf = _buffer.AsSpan(searched.._end).IndexOf((byte)'\n');
            if (lf >= 0)
            {
                _length = searched + lf + 1 - _start;
                return true;
            }

            searched = _end - _start;
            if (!Fill())
            {
                _length = _end - _start;
                return _length > 0;
            }
        }
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            (_start, _end, _length) = (0, 0, 0);
        }
    }

    // Moves the unfinished line to the front, so that offsets into it count from 0 afterwards.
    private bool Fill()
    {
        int pending = _end - _start;
        if (pending == _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(_start, pending).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        else
        {
            _buffer.AsSpan(_start, pending).CopyTo(_buffer);
        }

        _start = 0;
        int read = stream.Read(_buffer.AsSpan(pending));
        _end = pending + read;
        return read > 0;
    }
}

/// <summary>Counts the records of one segment against spec 5.3.</summary>
internal sealed class SegmentTotals(SessionLimits limits)
{
    private long _messages;
    private long _toolCalls;
    private long _resultEvents;

    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.DocumentLimitExceeded"/>.</exception>
    public void Add(long toolCalls, long resultEvents)
    {
        WireLimit.Require(++_messages <= limits.SegmentMessages, "messages in a segment", limits.SegmentMessages);
        WireLimit.Require((_toolCalls += toolCalls) <= limits.SegmentToolCalls, "tool calls in a segment", limits.SegmentToolCalls);
        WireLimit.Require(
            (_resultEvents += resultEvents) <= limits.SegmentResultEvents, "result events in a segment", limits.SegmentResultEvents);
    }
}

/// <summary>Reads single segment records of any version.</summary>
internal static class SegmentLine
{
    /// <summary>Checks a line without building it; true when its version is above ours.</summary>
    public static bool IsFuture(WireFormat format, ReadOnlySpan<byte> line, out WireTally tally)
    {
        WireTally counts = default;
        try
        {
            WireDocument.Check(format.Message, line, ref counts);
        }
        catch (ArtifactSyncException) when (IsFutureShape(format, line))
        {
            tally = default;
            return true;
        }

        tally = counts;
        return IsFutureVersion(format, counts.Version);
    }

    /// <summary>Reads a line; null when its version is above ours.</summary>
    public static MessageRecord? Read(WireFormat format, ReadOnlySpan<byte> line)
    {
        var message = new MessageRecord();
        WireTally tally = default;
        try
        {
            WireDocument.Read(format.Message, line, message, ref tally);
        }
        catch (ArtifactSyncException) when (IsFutureShape(format, line))
        {
            return null;
        }

        return IsFutureVersion(format, tally.Version) ? null : message;
    }

    // A later version may give any member another type; only JSON and the version itself are certain.
    private static bool IsFutureShape(WireFormat format, ReadOnlySpan<byte> line)
    {
        WireTally tally = default;
        try
        {
            WireDocument.Check(WireFields.MessageHeader, line, ref tally);
            return tally.Version > format.SegmentVersion;
        }
        catch (ArtifactSyncException)
        {
            return false;
        }
    }

    private static bool IsFutureVersion(WireFormat format, long version) =>
        version > format.SegmentVersion
        || (version == format.SegmentVersion
            ? false
            : throw new ArtifactSyncException(ErrorCode.DocumentInvalid, $"A segment record has version {version}."));
}

/// <summary>Reads segments that were proven importable before.</summary>
internal static class SegmentReader
{
    /// <summary>Streams the messages without checking form and totals again.</summary>
    /// <exception cref="ArtifactSyncException">While reading: <see cref="ErrorCode.DocumentInvalid"/>, <see cref="ErrorCode.FutureVersion"/>.</exception>
    public static IEnumerable<MessageRecord> Read(ArtifactRef artifact, Stream decoded)
    {
        using var lines = new LineReader(decoded);
        while (lines.Next())
        {
            yield return SegmentLine.Read(WireFormat.Portable, lines.Line) ?? throw new ArtifactSyncException(
                ErrorCode.FutureVersion, $"{artifact} was written by a later version. It is kept for one.", artifact);
        }
    }
}
