using System.Management.Automation;
using System.Threading.Channels;
using ArtifactSync.Sync;

namespace ArtifactSync.Cmdlets.Pipeline;

/// <summary>
/// What the body of a cmdlet may say while it runs on the pool. Everything becomes a record in a bounded queue that the
/// pipeline thread empties: only that thread touches the cmdlet.
/// </summary>
internal sealed class PipelineSink(TimeProvider clock, CancellationToken cancellationToken) : IRunObserver
{
    /// <summary>At most five progress records a second: a progress bar must not slow the work down.</summary>
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(200);

    private readonly Channel<Action<Cmdlet>> _records = Channel.CreateBounded<Action<Cmdlet>>(
        new BoundedChannelOptions(64) { SingleReader = true });
    private readonly Lock _progressGate = new();
    private long _lastProgress = -1;

    public ChannelReader<Action<Cmdlet>> Records => _records.Reader;

    public void Complete() => _records.Writer.TryComplete();

    public ValueTask WriteObjectAsync(object value) =>
        _records.Writer.WriteAsync(cmdlet => cmdlet.WriteObject(value), cancellationToken);

    public ValueTask WriteErrorAsync(ErrorRecord error) =>
        _records.Writer.WriteAsync(cmdlet => cmdlet.WriteError(error), cancellationToken);

    /// <summary>Asks on the pipeline thread; the answer says whether to act, and whether it was <c>-WhatIf</c> that said no.</summary>
    public async Task<Decision> ShouldProcessAsync(string target, string action)
    {
        var answer = new TaskCompletionSource<Decision>(TaskCreationOptions.RunContinuationsAsynchronously);
        await _records.Writer.WriteAsync(Ask, cancellationToken);
        return await answer.Task.WaitAsync(cancellationToken);

        void Ask(Cmdlet cmdlet)
        {
            var text = $"Performing the operation \"{action}\" on target \"{target}\".";
            var go = cmdlet.ShouldProcess(text, text, "Confirm", out var reason);
            answer.SetResult(go ? Decision.Act : reason.HasFlag(ShouldProcessReason.WhatIf) ? Decision.Plan : Decision.Skip);
        }
    }

    /// <inheritdoc/>
    public void Verbose(string message) => Say(cmdlet => cmdlet.WriteVerbose(message));

    /// <inheritdoc/>
    public void Warning(string message) => Say(cmdlet => cmdlet.WriteWarning(message));

    /// <inheritdoc/>
    public void Debug(string message) => Say(cmdlet => cmdlet.WriteDebug(message));

    /// <inheritdoc/>
    public void Progress(in ProgressSnapshot snapshot)
    {
        lock (_progressGate)
        {
            if (_lastProgress >= 0 && clock.GetElapsedTime(_lastProgress) < ProgressInterval)
                return;
            _lastProgress = clock.GetTimestamp();
        }
        var record = ProgressText.Record(snapshot);
        _records.Writer.TryWrite(cmdlet => cmdlet.WriteProgress(record)); // a full queue has better things to show
    }

    public bool ShowedProgress
    {
        get { lock (_progressGate) return _lastProgress >= 0; }
    }

    /// <summary>The engine calls from any thread and knows no await: it waits for a place, unless nobody listens any more.</summary>
    private void Say(Action<Cmdlet> record)
    {
        while (!_records.Writer.TryWrite(record))
        {
            if (cancellationToken.IsCancellationRequested || !WaitForPlace())
                return;
        }
    }

    private bool WaitForPlace()
    {
        try
        {
            return _records.Writer.WaitToWriteAsync(cancellationToken).AsTask().GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}

/// <summary>What the user (or -WhatIf) answered.</summary>
internal enum Decision
{
    Act,
    /// <summary>-WhatIf: say what would happen, write nothing.</summary>
    Plan,
    Skip,
}
