using System.Collections.Concurrent;
using ArtifactSync.Sync;

namespace ArtifactSync.Tests.Doubles;

/// <summary>Keeps everything that it is told.</summary>
internal sealed class ListeningObserver : IRunObserver
{
    public ConcurrentQueue<string> Warnings { get; } = new();

    public ConcurrentQueue<string> Lines { get; } = new();

    public void Progress(in ProgressSnapshot snapshot) => Lines.Enqueue($"{snapshot.Phase} {snapshot.Item}");

    public void Verbose(string message) => Lines.Enqueue(message);

    public void Debug(string message) => Lines.Enqueue(message);

    public void Warning(string message)
    {
        Warnings.Enqueue(message);
        Lines.Enqueue(message);
    }
}
