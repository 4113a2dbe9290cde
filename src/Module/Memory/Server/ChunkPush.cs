using System.Runtime.InteropServices;
using System.Text.Json;
using ArtifactSync.Errors;

namespace ArtifactSync.Memory.Server;

/// <summary>A chunk as a client pushes it (memory spec 6.5), in its canonical form.</summary>
/// <param name="CreatedAt">Unix ms as the client says; null = it says nothing.</param>
internal sealed record ChunkPush(CanonicalChunk Chunk, string CreatedBy, long? CreatedAt)
{
    private const int LongestAuthor = 256;
    private static readonly long s_first = DateTimeOffset.MinValue.ToUnixTimeSeconds();
    private static readonly long s_last = DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <param name="request">An object.</param>
    /// <param name="project">Normalised.</param>
    /// <exception cref="ArtifactSyncException">MemoryChunkInvalid.</exception>
    public static ChunkPush Read(JsonElement request, string project)
    {
        var author = PushRequest.TextOf(request, "created_by");
        if (author.Length > LongestAuthor)
        {
            throw Invalid($"created_by has at most {LongestAuthor} characters.");
        }

        var chunk = request.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object
            ? CanonicalChunk.Read(JsonMarshal.GetRawUtf8Value(data).ToArray(), project)
            : throw Invalid("data is no object.");
        return new ChunkPush(chunk, author, ReadTime(PushRequest.TextOf(request, "client_created_at")));
    }

    // An offset may lead out of the years that can be written again.
    private static long? ReadTime(string text) => MemoryText.IsBlank(text) ? null
        : text.Contains('T', StringComparison.Ordinal) && MemoryTime.Parse(text) is { } time && time.Seconds >= s_first && time.Seconds <= s_last
            ? (time.Seconds * 1000) + (time.Nanoseconds / 1_000_000)
            : throw Invalid("client_created_at is not a time of RFC 3339.");

    private static ArtifactSyncException Invalid(string why) => new(ErrorCode.MemoryChunkInvalid, why);
}
