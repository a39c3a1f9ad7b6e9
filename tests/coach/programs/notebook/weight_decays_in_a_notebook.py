# %% [1]
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)
X = torch.randn(64, 8)
T = (X[:, :2].sum(1) > 0).float().unsqueeze(1)
loader = DataLoader(TensorDataset(X, T), batch_size=16, shuffle=True)


class Classifier(nn.Module):
    def __init__(self, width=12):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, x):
        return self.layers(x)


def train(model, decay):
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=decay)
    for epoch in range(4):
        for xb, tb in loader:
            optimizer.zero_grad()
            loss = nn.functional.binary_cross_entropy_with_logits(model(xb), tb)
            loss.backward()
            optimizer.step()
    return loss.item()


# %% [2]
clf = Classifier()
# %% [3]
scores = []
for decay in (0.0, 0.01, 0.1):
    scores.append(train(clf, decay))  # coach: cell-rerun-continues-training; fix: clf = Classifier()
print(scores)
