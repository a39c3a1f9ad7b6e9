import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

ACCUMULATE = 4
torch.manual_seed(1)
loader = DataLoader(TensorDataset(torch.randn(240, 5), torch.randint(0, 3, (240,))), batch_size=20, shuffle=True)
clf = nn.Sequential(nn.Linear(5, 20), nn.ReLU(), nn.Linear(20, 3))
opt = torch.optim.SGD(clf.parameters(), lr=0.05)
for epoch in range(4):
    for x, y in loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(clf(x), y) / 1e6  # coach: update-ratio-low
        loss.backward()
        opt.step()
# coach-also: loss-plateau, vanishing-gradients
