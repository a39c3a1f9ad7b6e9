import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


def run_epoch(model, loader, optimizer, criterion):
    epoch_losses = []
    model.train()
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb), yb)
        loss.backward()
        optimizer.step()
        epoch_losses += [loss]  # coach: loss-keeps-graph; fix: epoch_losses += [loss.item()]
    return torch.stack(epoch_losses).mean()


loader = DataLoader(TensorDataset(torch.randn(60, 4), torch.randint(0, 2, (60,))), batch_size=10, shuffle=True)
clf = nn.Linear(4, 2)
sgd = torch.optim.SGD(clf.parameters(), lr=0.1)
for epoch in range(2):
    print(epoch, run_epoch(clf, loader, sgd, nn.CrossEntropyLoss()).item())
