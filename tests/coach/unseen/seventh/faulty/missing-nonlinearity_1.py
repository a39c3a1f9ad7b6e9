# Tic-tac-toe like mini game: XOR-ish rule decides who wins
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(14)
board = torch.randn(800, 6)
winner = ((board[:, 0] * board[:, 1] > 0) ^ (board[:, 2] > 1.0)).long()

loader = DataLoader(TensorDataset(board[:640], winner[:640]), batch_size=32, shuffle=True)
test_board, test_winner = board[640:], winner[640:]


class Player(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 48)
        self.fc2 = nn.Linear(48, 24)
        self.fc3 = nn.Linear(24, 2)

    def forward(self, x):
        x = self.fc1(x)  # coach: missing-nonlinearity; fix: relu(
        x = F.relu(self.fc2(x))
        x = self.fc3(x)
        return x


player = Player()
opt = torch.optim.Adam(player.parameters(), lr=0.004)
for epoch in range(10):
    player.train()
    seen = 0
    loss_sum = 0.0
    for b, w in loader:
        opt.zero_grad()
        loss = F.cross_entropy(player(b), w)
        loss.backward()
        opt.step()
        loss_sum += loss.item() * len(w)
        seen += len(w)
    player.eval()
    with torch.no_grad():
        acc = (player(test_board).argmax(1) == test_winner).float().mean().item()
    print(f"epoch {epoch}  loss {loss_sum / seen:.3f}  acc {acc:.3f}")
