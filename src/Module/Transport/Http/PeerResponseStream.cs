using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Transport.Http;

/// <summary>
/// The body of an answer while it arrives. Ends as it was announced or throws: a connection that drops is never the end of
/// an artifact. One that hardly moves is cut off.
/// </summary>
internal sealed class PeerResponseStream : ReadOnlyStream
{
    /// <summary>So much must come within <see cref="PeerProtocol.Timeout"/>.</summary>
    private const int StepBytes = 64 * 1024;

    private readonly HttpResponseMessage _response;
    private readonly Stream _body;
    private readonly string _what;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenSource _limit;
    private readonly CancellationTokenSource _linked;
    private int _step;

    public PeerResponseStream(HttpResponseMessage response, Stream body, string what, TimeProvider clock, CancellationToken cancellationToken)
    {
        (_response, _body, _what, _cancellation) = (response, body, what, cancellationToken);
        _limit = new CancellationTokenSource(PeerProtocol.Timeout, clock);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_limit.Token, cancellationToken);
    }

    public override int Read(Span<byte> buffer)
    {
        // Whoever reads synchronously is a worker that may wait; the token still ends it.
        var bytes = System.Buffers.ArrayPool<byte>.Shared.Rent(buffer.Length);
        try
        {
            var read = ReadAsync(bytes.AsMemory(0, buffer.Length), CancellationToken.None).AsTask().GetAwaiter().GetResult();
            bytes.AsSpan(0, read).CopyTo(buffer);
            return read;
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var read = await _body.ReadAsync(buffer, _linked.Token);
            if ((_step += read) >= StepBytes)
            {
                _step = 0;
                _limit.CancelAfter(PeerProtocol.Timeout);
            }
            return read;
        }
        catch (OperationCanceledException) when (!_cancellation.IsCancellationRequested)
        {
            throw new ArtifactSyncException(ErrorCode.TargetTimeout, $"The peer stopped sending '{_what}'.", _what);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw new ArtifactSyncException(ErrorCode.TransferIncomplete, $"The connection broke while '{_what}' arrived. Run again.", _what, fault);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _body.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _response.Dispose();
            _linked.Dispose();
            _limit.Dispose();
        }
        base.Dispose(disposing);
    }
}
