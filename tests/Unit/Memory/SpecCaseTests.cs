using System.Globalization;
using System.Reflection;

namespace ArtifactSync.Tests.Memory;

/// <summary>
/// The cases of memory spec 9 by number: <c>dotnet test --filter Case=62</c> runs what proves number 62, and each has something.
/// </summary>
[Trait("Category", "Memory")]
public sealed class SpecCaseTests
{
    private const int Count = 105;

    [Fact]
    public void EveryCase_HasATest()
    {
        var proven = Traits("Case").Select(number => int.Parse(number, CultureInfo.InvariantCulture)).ToHashSet();
        Assert.Empty(Enumerable.Range(1, Count).Except(proven));
        Assert.Empty(proven.Except(Enumerable.Range(1, Count)));
    }

    /// <summary>The values of a trait on the tests of this assembly.</summary>
    internal static IEnumerable<string> Traits(string name) => typeof(SpecCaseTests).Assembly.GetTypes()
        .SelectMany(type => (IEnumerable<MemberInfo>)[type, .. type.GetMethods()])
        .SelectMany(member => member.GetCustomAttributesData())
        .Where(attribute => attribute.AttributeType == typeof(TraitAttribute) && (string)attribute.ConstructorArguments[0].Value! == name)
        .Select(attribute => (string)attribute.ConstructorArguments[1].Value!);
}
