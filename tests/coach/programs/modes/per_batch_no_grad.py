import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)
features, target = torch.randn(72, 6), torch.randint(0, 2, (72,)).float()
train_dl = DataLoader(TensorDataset(features[:48], target[:48]), batch_size=12, shuffle=True)
test_dl = DataLoader(TensorDataset(features[48:], target[48:]), batch_size=12)


def run():
    clf = nn.Sequential(nn.Linear(6, 18), nn.BatchNorm1d(18), nn.ReLU(), nn.Linear(18, 1))
    bce = nn.BCEWithLogitsLoss()
    opt = torch.optim.SGD(clf.parameters(), lr=0.1)
    for epoch in range(2):
        for inputs, labels in train_dl:
            opt.zero_grad()
            loss = bce(clf(inputs).squeeze(1), labels)
            loss.backward()
            opt.step()
    losses = []
    for inputs, labels in test_dl:
        with torch.no_grad():
            losses.append(bce(clf(inputs).squeeze(1), labels).item())  # coach: eval-mode-missing; fix: clf.eval()
    return sum(losses) / len(losses)


print(run())
