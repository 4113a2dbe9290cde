using System.Security.Cryptography;
using System.Text;
using ArtifactSync.Archive;
using ArtifactSync.Errors;

namespace ArtifactSync.Tracker;

/// <summary>
/// Embeds documents chunk by chunk, a batch a request and a transaction: what was embedded stays when the next batch fails. A
/// chunk whose text is the same is not sent again.
/// </summary>
/// <param name="write">Runs a write in a transaction under the lease.</param>
internal sealed class Embedder(EmbedClient client, Database reader, Action<Action<Database>> write, TimeProvider clock, Action<string> step)
{
    private const int ChunkLength = 2000;
    private const int Overlap = 200;
    private const int Batch = 16;

    /// <summary>The document as it is now.</summary>
    /// <param name="withLast">Written in the transaction that completes it.</param>
    /// <exception cref="ArtifactSyncException">EmbedUnavailable, EmbedFailed.</exception>
    public async Task EmbedAsync(long documentId, Action<Database> withLast, CancellationToken cancellationToken)
    {
        if (DocumentTable.Read(reader, documentId) is not { } document)
        {
            return; // removed meanwhile
        }
        var chunks = Chunks(document.Title, document.Body);
        var known = EmbeddingTable.Hashes(reader, documentId, client.Model);
        var open = chunks.Select((text, index) => (Index: index, Text: text, Hash: Hash(text)))
            .Where(c => !known.TryGetValue(c.Index, out var old) || old.Hash != c.Hash).ToList();
        foreach (var batch in open.Chunk(Batch))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var vectors = await client.EmbedAsync([.. batch.Select(c => c.Text)], cancellationToken);
            var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
            write(db =>
            {
                foreach (var (chunk, vector) in batch.Zip(vectors))
                {
                    // No hash of the document yet: it is the last write that says "done".
                    EmbeddingTable.Put(db, documentId, chunk.Index, client.Model, "", chunk.Hash, EmbedClient.ToBytes(vector), now);
                }
            });
            step("embed:batch");
        }
        write(db =>
        {
            EmbeddingTable.Complete(db, documentId, client.Model, document.Hash, chunks.Count);
            withLast(db);
        });
    }

    /// <summary>Overlapping pieces that end at a line or a word where they can; the title leads each.</summary>
    internal static List<string> Chunks(string title, string body)
    {
        List<string> chunks = [];
        for (var start = 0; start < body.Length || chunks.Count == 0;)
        {
            var end = Math.Min(start + ChunkLength, body.Length);
            if (end < body.Length)
            {
                var cut = body.LastIndexOfAny(['\n', ' '], end - 1, ChunkLength / 2);
                end = cut > start ? cut + 1 : end - (char.IsHighSurrogate(body[end - 1]) ? 1 : 0);
            }
            chunks.Add($"{title}\n{body[start..end]}");
            if (end >= body.Length)
            {
                break;
            }
            start = Math.Max(end - Overlap, start + 1);
            start += char.IsLowSurrogate(body[start]) ? 1 : 0;
        }
        return chunks;
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
