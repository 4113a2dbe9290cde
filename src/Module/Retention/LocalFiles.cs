using System.Runtime.ExceptionServices;
using ArtifactSync.Store;

namespace ArtifactSync.Retention;

/// <summary>Looks at many files of the local store, in parallel.</summary>
internal static class LocalFiles
{
    /// <exception cref="Errors.ArtifactSyncException">AccessDenied; UnexpectedError: the disk does not answer.</exception>
    public static FileStat? Stat(string path)
    {
        try
        {
            return FileStat.Of(path);
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Reading(error, path, FolderUse.Private);
        }
    }

    /// <summary>Looks at many files of one directory; what is not there is null.</summary>
    /// <exception cref="Errors.ArtifactSyncException">As <see cref="Stat"/>.</exception>
    public static FileStat?[] Stat(string directory, IReadOnlyList<string> names, ParallelOptions parallel)
    {
        var found = new FileStat?[names.Count];
        try
        {
            using var stats = new DirectoryStats(directory);
            Each(names.Count, parallel, i => found[i] = stats.Of(names[i]));
            return found;
        }
        catch (Exception error) when (FolderErrors.IsFileFault(error))
        {
            throw FolderErrors.Reading(error, directory, FolderUse.Private);
        }
    }

    /// <summary>Runs the work for each index; the first failure comes out as it is.</summary>
    public static void Each(int count, ParallelOptions parallel, Action<int> work)
    {
        if (count > 0)
        {
            Guard(() => Parallel.For(0, count, parallel, work));
        }
    }

    /// <summary>As the other overload, with something that each thread has for itself.</summary>
    public static void Each<T>(int count, ParallelOptions parallel, Func<T> own, Action<int, T> work) where T : IDisposable =>
        Guard(() => Parallel.For(0, count, parallel, own, (i, _, mine) =>
        {
            work(i, mine);
            return mine;
        }, static mine => mine.Dispose()));

    private static void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (AggregateException faults)
        {
            ExceptionDispatchInfo.Throw(faults.InnerExceptions.FirstOrDefault(static fault => fault is not OperationCanceledException) ?? faults);
        }
    }
}
