import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

net = nn.Sequential(
    nn.Linear(6, 20),
    nn.ReLU(),
    nn.Linear(20, 3),
    nn.LogSoftmax(dim=0),  # coach: batch-leak; fix: nn.LogSoftmax(dim=1)
)
# coach-also: log-softmax-missing-for-nll, batch-axis-mixed
points = torch.randn(96, 6)
kinds = (points[:, 0] > 0).long() + (points[:, 1] > 0).long()
batches = DataLoader(TensorDataset(points, kinds), batch_size=24, shuffle=True)
criterion = nn.NLLLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)


def run(epochs):
    for _ in range(epochs):
        for inputs, labels in batches:
            optimizer.zero_grad()
            criterion(net(inputs), labels).backward()
            optimizer.step()


run(3)
