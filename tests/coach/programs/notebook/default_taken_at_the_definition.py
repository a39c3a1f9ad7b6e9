# %% [1]
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(2)
points = torch.randn(300, 4)
kinds = (points[:, 0] * points[:, 1] > 0).long()
# %% [2]
classifier = nn.Linear(4, 2)


def share_right(inputs, labels, *, scorer=classifier):
    with torch.no_grad():
        return (scorer(inputs).argmax(1) == labels).float().mean().item()
# %% [3]
def learn(model, steps):
    opt = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(steps):
        rows = torch.randint(0, 240, (40,))
        opt.zero_grad()
        F.cross_entropy(model(points[rows]), kinds[rows]).backward()
        opt.step()


learn(classifier, 30)
print("linear", share_right(points[240:], kinds[240:]))
# %% [4]
classifier = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
learn(classifier, 40)
print("two layers", share_right(points[240:], kinds[240:]))  # coach: stale-object; fix: share_right(points[240:], kinds[240:], scorer=classifier)
