import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(8, 32), nn.Linear(32, 4)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x)))


def main():
    x = torch.randn(256, 8)
    y = x[:, :4].argmax(1)
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    net = Classifier()
    opt = torch.optim.Adam(net.parameters(), lr=5.0)  # coach: learning-rate-too-high; fix: lr=0.001
    for epoch in range(4):
        for xb, yb in loader:
            opt.zero_grad()
            F.cross_entropy(net(xb), yb).backward()
            opt.step()


main()
