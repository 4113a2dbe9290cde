using System.Text;

namespace ArtifactSync.Model;

/// <summary>Text from anywhere, fit for one line of a prompt: short, and without characters that would move the cursor.</summary>
public static class ShownText
{
    private const int Longest = 60;

    public static string Of(string? text)
    {
        var shown = new StringBuilder();
        var count = 0;
        foreach (var rune in (text ?? "").EnumerateRunes())
        {
            if (++count > Longest)
            {
                return shown.Append('…').ToString();
            }

            shown.Append(Rune.IsControl(rune) ? ' ' : rune.ToString());
        }

        return shown.ToString();
    }
}
