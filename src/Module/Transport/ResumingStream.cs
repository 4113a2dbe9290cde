using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Transport;

/// <summary>
/// Opens an artifact again when its connection breaks, and passes over what was read already: its bytes never change, and
/// whoever reads it checks their hash.
/// </summary>
internal sealed class ResumingStream(Stream first, Func<Task<Stream>> open) : ReadOnlyStream
{
    private const int MostResumptions = 3;

    private Stream _current = first;
    private long _position;
    private int _resumed;

    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            try
            {
                return Advance(_current.Read(buffer));
            }
            catch (ArtifactSyncException fault) when (CanResume(fault))
            {
                ResumeAsync(CancellationToken.None).GetAwaiter().GetResult();
            }
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                return Advance(await _current.ReadAsync(buffer, cancellationToken));
            }
            catch (ArtifactSyncException fault) when (CanResume(fault))
            {
                await ResumeAsync(cancellationToken);
            }
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await _current.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _current.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool CanResume(ArtifactSyncException fault) =>
        (RetryTransport.IsPassing(fault.Code) || fault.Code == ErrorCode.TransferIncomplete) && _resumed < MostResumptions;

    private int Advance(int read)
    {
        _position += read;
        return read;
    }

    private async Task ResumeAsync(CancellationToken cancellationToken)
    {
        _resumed++;
        await _current.DisposeAsync();
        _current = await open();
        var skipped = new byte[64 * 1024];
        for (var left = _position; left > 0;)
        {
            var read = 0;
            try
            {
                read = await _current.ReadAsync(skipped.AsMemory(0, (int)Math.Min(left, skipped.Length)), cancellationToken);
            }
            catch (ArtifactSyncException fault) when (CanResume(fault))
            {
                await ResumeAsync(cancellationToken);
                return;
            }

            left -= read > 0 ? read : throw new ArtifactSyncException(
                ErrorCode.TransferIncomplete, $"What broke off after {_position} bytes is shorter now. Run again.");
        }
    }
}
