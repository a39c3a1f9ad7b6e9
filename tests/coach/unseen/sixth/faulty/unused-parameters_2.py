import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1)
        self.conv2 = nn.Conv2d(12, 12, 3, padding=1)
        self.conv3 = nn.Conv2d(12, 12, 3, padding=1)  # coach-line: unused-parameters
        self.fc1 = nn.Linear(12 * 3 * 3, 32)
        self.fc2 = nn.Linear(32, 4)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.relu(self.conv2(x))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # coach: unused-parameters; fix: self.conv3(
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        return self.fc2(x)


def main():
    torch.manual_seed(1)
    # quadrant task: which corner holds the blob
    n = 400
    y = torch.randint(0, 4, (n,))
    x = 1.0 * torch.randn(n, 1, 12, 12)
    for i in range(n):
        r, c = divmod(int(y[i]), 2)
        x[i, 0, 6 * r + 1:6 * r + 5, 6 * c + 1:6 * c + 5] += 1.0
    x = (x - x.mean()) / x.std()

    train_loader = DataLoader(TensorDataset(x[:320], y[:320]), batch_size=32, shuffle=True)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for epoch in range(1, 6):
        model.train()
        for batch_idx, (data, target) in enumerate(train_loader):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(data), target)
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            acc = (model(x[320:]).argmax(1) == y[320:]).float().mean().item()
        print("Train Epoch: {}\tLoss: {:.4f}\tacc {:.3f}".format(epoch, loss.item(), acc))


if __name__ == '__main__':
    main()
