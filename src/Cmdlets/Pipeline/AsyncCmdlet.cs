using System.Management.Automation;
using ArtifactSync.Errors;

namespace ArtifactSync.Cmdlets.Pipeline;

/// <summary>
/// Base of the cmdlets: <see cref="Run"/> puts a body on the pool and pumps what it says on the pipeline thread until it
/// ends. However the pump is left (done, stopped, <c>Select-Object -First</c>), the body is cancelled and awaited before
/// control returns, so nothing of it outlives the pipeline.
/// </summary>
public abstract class AsyncCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Ctrl+C arrived while the pipeline was being taken down: there is nothing left to stop.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends what the cmdlet holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
            _stop.Dispose();
    }

    /// <summary>Runs <paramref name="body"/> to its end. Its ArtifactSyncException becomes the terminating error.</summary>
    internal void Run(Func<PipelineSink, CancellationToken, Task> body)
    {
        var failure = Pump(body);
        if (failure is not null)
            ThrowTerminatingError(failure);
    }

    private ErrorRecord? Pump(Func<PipelineSink, CancellationToken, Task> body)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        var sink = new PipelineSink(TimeProvider.System, linked.Token);
        var work = Task.Run(() => RunBodyAsync(body, sink, linked.Token), CancellationToken.None);
        try
        {
            // WriteObject leaves by exception when the pipeline ends early. Nothing here may catch that.
            while (sink.Records.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
                while (sink.Records.TryRead(out var record))
                    record(this);
        }
        finally
        {
            linked.Cancel();
            work.GetAwaiter().GetResult();
            if (sink.ShowedProgress && !Stopping)
                WriteProgress(ProgressText.Completed());
        }
        return work.Result;
    }

    private static async Task<ErrorRecord?> RunBodyAsync(
        Func<PipelineSink, CancellationToken, Task> body, PipelineSink sink, CancellationToken cancellationToken)
    {
        try
        {
            await body(sink, cancellationToken);
            return null;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return null; // stopped, or nobody wants more: PowerShell says so itself
        }
        catch (Exception e)
        {
            return ErrorMapping.ToRecord(e);
        }
        finally
        {
            sink.Complete();
        }
    }
}
