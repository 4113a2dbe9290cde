using ArtifactSync.Errors;
using ArtifactSync.Sync;

namespace ArtifactSync.Memory.Cloud;

/// <summary>
/// Consumes what is new in the log (memory spec 7.5). Only consuming moves the cursor. A log that turns out to be another
/// one is read from its beginning; so is the log when a project was enrolled or newly allowed.
/// </summary>
internal sealed class MutationPull(MemorySync sync)
{
    /// <summary>An ordinary walk, one from 0, a reset found in it, and one after the reset.</summary>
    private const int MaxWalks = 5;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var walk = 0; walk < MaxWalks; walk++)
        {
            var pass = PullPass.Begin(sync.State, sync.Settings, MemoryProjectTable.Owing(sync.Archive.Reader), isFirst: walk == 0);
            if (!await WalkAsync(pass, cancellationToken) || !await new PullEnd(sync, pass).RunAsync(cancellationToken))
            {
                Reset(cancellationToken);
            }
            else if (pass.Kind == PassKind.FromZero || sync.State.Owes == OwedPass.None)
            {
                return;
            }
        }

        throw Protocol("shows another log each time it is asked");
    }

    /// <summary>To the head of the log; false when the log is another one than before.</summary>
    private async Task<bool> WalkAsync(PullPass pass, CancellationToken cancellationToken)
    {
        var apply = new PageApply(sync, pass);
        var since = pass.Since;
        Task<PullPage>? next = ReadAsync(since, cancellationToken);
        while (true)
        {
            var page = await next;
            if (!pass.IsSameLog(page))
            {
                return false;
            }

            var last = page.Mutations.Count == 0 ? since : page.Mutations[^1].Seq;
            var progresses = last > since;
            since = Math.Max(since, last);
            // The server works on the next page while this one is applied.
            next = page.HasMore && progresses ? ReadAsync(since, cancellationToken) : null;
            if (!await ApplyAsync(apply, page, next, cancellationToken))
            {
                return false;
            }

            if (next is null)
            {
                page.Next(since, sync.Api.ServerUrl);
                return true;
            }
        }
    }

    /// <summary>Consumes a page; when that ends the walk, the request on its way ends first.</summary>
    private async Task<bool> ApplyAsync(PageApply apply, PullPage page, Task<PullPage>? next, CancellationToken cancellationToken)
    {
        var isSame = false;
        try
        {
            isSame = page.Mutations.Count == 0 || apply.Run(page.Mutations, cancellationToken);
            sync.Observer.Progress(new ProgressSnapshot("pull", null, sync.Report.Pulled.Values.Sum(), 0, sync.Report.BytesReceived));
            return isSame;
        }
        finally
        {
            if (!isSame && next is not null)
            {
                await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>One page in ascending order; the limit is halved while the answer is too large or too slow (6.3).</summary>
    private async Task<PullPage> ReadAsync(long since, CancellationToken cancellationToken)
    {
        var limit = Math.Min(sync.State.PageLimit ?? sync.Settings.PageSize, sync.Settings.PageSize);
        while (true)
        {
            sync.BeforeRequest("pull", cancellationToken);
            PullPage page;
            try
            {
                page = await sync.Api.PullAsync(since, limit, cancellationToken);
            }
            catch (ArtifactSyncException fault) when (fault.Code == ErrorCode.TargetTimeout && limit > 1)
            {
                sync.Write("limit", db => MemoryTargetTable.SetPageLimit(db, limit / 2), cancellationToken);
                throw; // the next run asks for less
            }

            sync.Report.BytesReceived += page.Size;
            if (!page.TooLarge)
            {
                return IsAscending(page) ? page : throw Protocol($"sends mutations after {since} out of order");
            }

            if (limit == 1)
            {
                throw Protocol($"sends a mutation after {since} that is larger than {MutationClient.MaxAnswer >> 20} MiB");
            }

            limit /= 2;
            sync.Write("limit", db => MemoryTargetTable.SetPageLimit(db, limit), cancellationToken);
        }
    }

    private static bool IsAscending(PullPage page)
    {
        for (var i = 1; i < page.Mutations.Count; i++)
        {
            if (page.Mutations[i].Seq <= page.Mutations[i - 1].Seq)
            {
                return false;
            }
        }

        return true;
    }

    private void Reset(CancellationToken cancellationToken)
    {
        sync.Observer.Warning(
            $"The log of '{sync.Api.ServerUrl}' is another one than before: it was restored or began anew, or a project was withdrawn. " +
            "It is read from its beginning; what it lacks is queued.");
        sync.Report.WasReset = true;
        var now = sync.Now;
        sync.Write("reset", db => MemoryTargetTable.Reset(db, sync.Api.ServerUrl, now), cancellationToken);
    }

    private ArtifactSyncException Protocol(string what) => new(
        ErrorCode.TargetProtocolError, $"'{sync.Api.ServerUrl}' {what}. Everything before it is kept; report it to who runs the server.",
            sync.Api.ServerUrl);
}
