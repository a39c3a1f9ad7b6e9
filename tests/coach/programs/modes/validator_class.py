import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset


class Validator:
    def __init__(self, loader, metric):
        self.loader, self.metric = loader, metric

    def __call__(self, net):
        net.eval()
        scores = []
        for batch, target in self.loader:
            output = net(batch)  # coach: no-grad-missing; fix: with torch.no_grad():
            scores.append(float(self.metric(output, target)))
        return sum(scores) / len(scores)


def main():
    x = torch.randn(50, 3)
    t = torch.stack([x.sum(1), x.prod(1)], dim=1)
    net = nn.Sequential(nn.Linear(3, 9), nn.BatchNorm1d(9), nn.SiLU(), nn.Linear(9, 2))
    validator = Validator(DataLoader(TensorDataset(x[30:], t[30:]), batch_size=10), nn.L1Loss())
    optimizer = torch.optim.AdamW(net.parameters(), lr=4e-3)
    loader = DataLoader(TensorDataset(x[:30], t[:30]), batch_size=10, shuffle=True)
    for epoch in range(3):
        net.train()
        for batch, target in loader:
            optimizer.zero_grad(set_to_none=True)
            loss = nn.functional.mse_loss(net(batch), target)
            loss.backward()
            optimizer.step()
        print(epoch, validator(net))


main()
